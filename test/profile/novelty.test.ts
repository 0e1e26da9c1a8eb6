/** How surprising a new value is: the formula, its bounds, and what a profile counts for it. */
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { AccessEvent } from '../../src/event.ts'
import { MASK, teachable } from '../../src/profile/dimension.ts'
import { newValueBits, noveltyOf } from '../../src/profile/novelty.ts'
import { type TokenProfile, createProfile, learn, moveWindow } from '../../src/profile/profile.ts'
import { CURL, NOON_MS, SINGAPORE, call } from './calls.ts'

// Many histories are folded, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

function profileOf(events: readonly AccessEvent[], valuesMax = 512): TokenProfile {
  const settings = { valuesMax, adoptAfterMs: 14 * DAY_MS, incidentGapMs: 6 * HOUR_MS }
  const profile = createProfile(call(0).tokenId, settings)
  for (const event of events) {
    moveWindow(profile, event.timeMs)
    learn(profile, event, teachable(event) | MASK.errors, 0)
  }
  return profile
}

/** One call an hour, each as `change` makes it. */
function hourly(hours: number, change: (hour: number) => Parameters<typeof call>[1] = () => ({})): AccessEvent[] {
  return Array.from({ length: hours }, (_, hour) => call(NOON_MS + hour * HOUR_MS, change(hour)))
}

describe('P(new) = (theta + delta k) / (n + theta)', () => {
  test.each([
    ['nothing is surprising to a token without history', 0, 0, 0],
    ['one country in 700 active hours: a second one costs about 9 bits', 700, 1, -Math.log2(1.05 / 701)],
    ['30 active days with one value give at most 5 bits', 30, 1, -Math.log2(1.05 / 31)],
    ['half of the buckets brought a new one: one bit', 1000, 500, -Math.log2(251 / 1001)],
    ['a new one in every bucket: delta stops at 0.9', 700, 700, -Math.log2(631 / 701)],
  ])('%s', (_, n, k, bits) => {
    expect(newValueBits(n, k).bits).toBeCloseTo(bits, 2)
  })

  test('is a probability, in whole 256ths of a bit, and rises with n and falls with k', () => {
    const counts = fc.tuple(fc.nat(6000), fc.nat(6000)).map(([a, b]) => ({ n: Math.max(a, b), k: Math.min(a, b) }))
    fc.assert(
      fc.property(counts, ({ n, k }) => {
        const { bits, delta } = newValueBits(n, k)
        expect(bits).toBeGreaterThanOrEqual(0)
        expect(bits).toBeLessThan(Math.log2(n + 1) + 0.01)
        expect(Number.isInteger(bits * 256)).toBe(true)
        expect(delta).toBeGreaterThanOrEqual(0.05)
        expect(delta).toBeLessThanOrEqual(0.9)
        expect(newValueBits(n + 1, k).bits).toBeGreaterThanOrEqual(bits)
        if (k < n) expect(newValueBits(n, k + 1).bits).toBeLessThanOrEqual(bits)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a profile', () => {
  test('is never less surprised by something new for knowing more of the same', () => {
    const stranger = { ...SINGAPORE, ...CURL, service: 'admin' }
    const unknown = [
      ['network', stranger],
      ['network', { network: 'AS680', prefix: '141.20.0.0/24', address: '141.20.0.1' }],
      ['network', { prefix: '93.184.217.0/24', address: '93.184.217.1' }],
      ['network', { address: '93.184.216.99' }],
      ['route', stranger],
      ['route', { route: '/v1/keys' }],
      ['route', { method: 'DELETE' }],
      ['agent', stranger],
      ['agent', { agentVersion: '3.0' }],
    ] as const
    const gaps = fc.array(fc.constantFrom(0, 60_000, HOUR_MS, 7 * HOUR_MS, DAY_MS), { minLength: 1, maxLength: 80 })
    fc.assert(
      fc.property(gaps, fc.constantFrom(...unknown), (gaps, [dimension, change]) => {
        let timeMs = NOON_MS
        let before = 0
        const events: AccessEvent[] = []
        for (const gap of gaps) {
          events.push(call((timeMs += gap)))
          const bits = noveltyOf(profileOf(events), dimension, call(timeMs + 2 * DAY_MS, change))?.bits ?? 0
          expect(bits).toBeGreaterThanOrEqual(before)
          before = bits
        }
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['a new client in every hour', 'agent', (hour: number) => ({ agent: `pod-${hour}` }), 512],
    [
      'a new client in every hour, more of them than are kept',
      'agent',
      (hour: number) => ({ agent: `pod-${hour}` }),
      16,
    ],
    ['a new address in every hour', 'network', (hour: number) => ({ address: `93.184.216.${hour}` }), 512],
    [
      'a new address in every hour, more of them than are kept',
      'network',
      (hour: number) => ({ address: `93.184.216.${hour}` }),
      16,
    ],
    [
      'a new endpoint in every hour, more of them than are kept',
      'route',
      (hour: number) => ({ route: `/r${hour}` }),
      16,
    ],
  ] as const)('that shows %s is surprised by less than one bit', (_, dimension, change, valuesMax) => {
    const events = hourly(200, change)
    const profile = profileOf(events.slice(0, 1), valuesMax)
    for (const event of events.slice(1)) {
      expect(noveltyOf(profile, dimension, event)?.bits).toBeLessThan(1)
      moveWindow(profile, event.timeMs)
      learn(profile, event, teachable(event) | MASK.errors, 0)
    }
  })

  test('remembers its country though its addresses are more than it can keep', () => {
    const profile = profileOf(
      hourly(500, (hour) => ({ address: `93.184.216.${hour}` })),
      16,
    )
    const theft = noveltyOf(profile, 'network', call(NOON_MS + 500 * HOUR_MS, SINGAPORE))
    expect(theft).toMatchObject({ level: 0, n: 500, k: 1 })
    expect(theft?.bits).toBeCloseTo(-Math.log2(1.05 / 501), 2)
  })

  test.each([
    ['a new country pays at the top alone', 'network', SINGAPORE, 0],
    [
      'a new network of a known country at the second level',
      'network',
      { network: 'AS680', prefix: '1.2.3.0/24', address: '1.2.3.4' },
      1,
    ],
    ['a new prefix at the third', 'network', { prefix: '93.184.9.0/24', address: '93.184.9.1' }, 2],
    ['a new address at the last', 'network', { address: '93.184.216.35' }, 3],
    ['a country whose code begins like a known one is a new one', 'network', { ...SINGAPORE, country: 'D' }, 0],
    ['an address that begins like a known one is a new one', 'network', { address: '93.184.216.3' }, 3],
    ['what is known is nothing new', 'network', {}, undefined],
    [
      'a call without a source says nothing of the network',
      'network',
      { ...SINGAPORE, sourceClass: 'none' },
      undefined,
    ],
    ['a refused call says nothing of the route', 'route', { route: '/v1/keys', status: 403 }, undefined],
    ['but of refused routes', 'refused_route', { route: '/v1/keys', status: 403 }, 0],
    ['an unauthenticated call says nothing at all', 'network', { ...SINGAPORE, status: 401 }, undefined],
  ] as const)('%s', (_, dimension, change, level) => {
    const profile = profileOf(hourly(48))
    expect(noveltyOf(profile, dimension, call(NOON_MS + 72 * HOUR_MS, change))?.level).toBe(level)
  })

  test('pays for a second new value of the same bucket no more', () => {
    const profile = profileOf([...hourly(100), call(NOON_MS + 100 * HOUR_MS, SINGAPORE)])
    const brazil = { ...SINGAPORE, country: 'BR' }
    expect(noveltyOf(profile, 'network', call(NOON_MS + 100.5 * HOUR_MS, brazil))?.bits).toBe(0)
    expect(noveltyOf(profile, 'network', call(NOON_MS + 101 * HOUR_MS, brazil))?.bits).toBeGreaterThan(5)
  })
})
