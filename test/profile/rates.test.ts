/** What is normal for a token's share of refused calls, fitted to its own four weeks. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addToHour } from '../../src/profile/hours.ts'
import { errorBits, fitErrors } from '../../src/profile/errors.ts'
import { type TokenProfile, createProfile } from '../../src/profile/profile.ts'
import { call } from './calls.ts'

const HOUR_MS = 3_600_000
/** A Monday, 00:00. */
const MONDAY = 1_767_571_200_000 / HOUR_MS
const WEEK = 7 * 24

interface Hour {
  readonly hour: number
  readonly learned?: number
  readonly held?: number
  readonly refused?: number
}

function profileOf(hours: readonly Hour[]): TokenProfile {
  const settings = { valuesMax: 512, adoptAfterMs: 14 * 24 * HOUR_MS, incidentGapMs: 6 * HOUR_MS }
  const profile = createProfile(call(0).tokenId, settings)
  for (const counts of hours) addToHour(profile.activity.hours, counts)
  return profile
}

function every(count: number, of: (hour: number) => Omit<Hour, 'hour'>): Hour[] {
  return Array.from({ length: count }, (_, index) => ({ hour: MONDAY + index, ...of(index) }))
}

describe('the share of refused calls that is expected', () => {
  const shareOf = ({ alpha, beta }: { readonly alpha: number; readonly beta: number }) => alpha / (alpha + beta)

  test('is 5 % of a token without history, and hardly anything is known of it', () => {
    const fit = fitErrors(profileOf([]), MONDAY)
    expect(shareOf(fit)).toBeCloseTo(0.05, 9)
    expect(fit.alpha + fit.beta).toBeLessThan(2)
  })

  test('nears the share of the token’s own calls', () => {
    const fit = fitErrors(profileOf(every(WEEK, () => ({ learned: 20, refused: 6 }))), MONDAY + WEEK)
    expect(shareOf(fit)).toBeCloseTo(0.3, 1)
    expect(fit).toMatchObject({ hours: WEEK, calls: 20 * WEEK, refused: 6 * WEEK })
  })

  test('is taken of rate-limited calls apart', () => {
    const profile = profileOf(every(WEEK, () => ({ learned: 20, refused: 2, limited: 6 })))
    const limited = fitErrors(profile, MONDAY + WEEK, (counts) => counts.limited)
    expect(fitErrors(profile, MONDAY + WEEK).refused).toBe(2 * WEEK)
    expect(limited.refused).toBe(6 * WEEK)
    expect(errorBits(limited, 30, 100)).toBeLessThan(2)
    expect(errorBits(limited, 90, 100)).toBeGreaterThan(8)
  })

  test('is the wider, the more the hours differ', () => {
    const even = fitErrors(profileOf(every(WEEK, () => ({ learned: 20, refused: 5 }))), MONDAY + WEEK)
    const uneven = fitErrors(
      profileOf(every(WEEK, (hour) => ({ learned: 20, refused: hour % 4 === 0 ? 20 : 0 }))),
      MONDAY + WEEK,
    )
    expect(uneven.alpha + uneven.beta).toBeLessThan(even.alpha + even.beta)
  })

  test('bounds what a token that was never refused is surprised by', () => {
    const clean = (hours: number) => fitErrors(profileOf(every(hours, () => ({ learned: 20 }))), MONDAY + hours)
    expect(errorBits(clean(4 * WEEK), 500, 500)).toBeCloseTo(2 * Math.log2(4 * WEEK + 1), 9)
    expect(errorBits(clean(10), 500, 500)).toBeLessThanOrEqual(16)
    expect(errorBits(clean(10), 20, 20)).toBeGreaterThan(8)
    expect(errorBits(clean(10), 0, 20)).toBe(0)
  })

  test('makes a distribution of any history', () => {
    const hour = fc.record({
      learned: fc.nat(100),
      held: fc.nat(100),
      refused: fc.nat(150),
      unauthenticated: fc.nat(50),
    })
    fc.assert(
      fc.property(fc.array(hour, { maxLength: 50 }), (hours) => {
        const profile = profileOf(hours.map((counts, index) => ({ hour: MONDAY + index * 9, ...counts })))
        const fit = fitErrors(profile, MONDAY + 450)
        expect(fit.alpha).toBeGreaterThan(0)
        expect(fit.beta).toBeGreaterThan(0)
        expect(fit.alpha + fit.beta).toBeLessThanOrEqual(49.001)
      }),
    )
  })
})
