/** A surge is what most callers of a service or a tenant do; one loud token is none. */
import { describe, expect, test } from 'vitest'
import { type Surges, createSurges } from '../../src/profile/surges.ts'
import { NOON_MS, call } from './calls.ts'

const HOUR_MS = 3_600_000
const WEEK = 7 * 24
const TOKENS = 12

/** Calls of the hour for each of the tokens. */
type Load = (token: number, hour: number) => number

function surgesAfter(hours: number, load: Load, tenant = 'acme'): Surges {
  const surges = createSurges()
  for (let hour = 0; hour < hours; hour++) {
    for (let token = 0; token < TOKENS; token++) {
      for (let i = 0; i < load(token, hour); i++) surges.learn(eventOf(token, hour, tenant))
    }
  }
  return surges
}

const eventOf = (token: number, hour: number, tenant = 'acme', service = 'billing') =>
  call(NOON_MS + hour * HOUR_MS, { tokenId: `tok_${token}`, tenant, service })

const usual: Load = (token) => 6 + (token % 5)

describe('a surge', () => {
  const now = 2 * WEEK
  const launch: Load = (token, hour) => usual(token, hour) * (hour >= now - 3 ? 4 : 1)
  const holiday: Load = (token, hour) => (hour >= now - 30 ? (token % 3 === 0 ? 1 : 0) : usual(token, hour))

  test('is seen in the hour after its first, for its service and its tenant', () => {
    const surges = surgesAfter(now + 1, launch)
    const { hour, day } = surges.of(eventOf(0, now))
    expect(hour).toBeGreaterThan(3)
    expect(day).toBeGreaterThan(1.1)
    expect(surges.of(eventOf(0, now, 'other', 'billing')).hour).toBe(hour)
    expect(surges.of(eventOf(0, now, 'acme', 'other')).hour).toBe(hour)
    expect(surges.of(eventOf(0, now, 'other', 'other'))).toEqual({ hour: 1, day: 1 })
  })

  test('is below 1 where most are away', () => {
    const { hour, day } = surgesAfter(now + 1, (token, hour) =>
      Math.max(holiday(token, hour), hour === now ? 1 : 0),
    ).of(eventOf(0, now))
    expect(hour).toBeLessThan(0.4)
    expect(day).toBeLessThan(0.2)
  })

  test('is not made by a few loud tokens, nor by few tokens at all, nor before a week is known', () => {
    const loud: Load = (token, hour) => usual(token, hour) * (token < 5 && hour >= now - 24 ? 20 : 1)
    const { hour, day } = surgesAfter(now + 1, loud).of(eventOf(0, now))
    expect(hour).toBeCloseTo(1, 1)
    expect(day).toBeCloseTo(1, 1)
    const few: Load = (token, hour) => (token < 4 ? launch(token, hour) : 0)
    expect(surgesAfter(now + 1, few).of(eventOf(0, now))).toEqual({ hour: 1, day: 1 })
    const young: Load = (token, hour) => (hour < now - 100 ? 0 : launch(token, hour))
    expect(surgesAfter(now + 1, young).of(eventOf(0, now))).toEqual({ hour: 1, day: 1 })
  })

  test('is the same whatever comes within the running hour, and in whatever order', () => {
    const surges = surgesAfter(now + 1, launch)
    const before = surges.of(eventOf(0, now))
    for (let i = 0; i < 500; i++) surges.learn(eventOf(i % TOKENS, now))
    expect(surges.of(eventOf(0, now))).toEqual(before)
  })
})
