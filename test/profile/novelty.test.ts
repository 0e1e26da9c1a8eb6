/** How surprising a new value is: the formula, its bounds, and what a profile counts for it. */
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { AccessEvent } from '../../src/event.ts'
import { createEvidence } from '../../src/alert/evidence.ts'
import { type Dimension, MASK, teachable } from '../../src/profile/dimension.ts'
import { newValueBits, noveltyOf } from '../../src/profile/novelty.ts'
import { NO_PEERS, type PeerSnapshot } from '../../src/profile/peers.ts'
import { type TokenProfile, createProfile, learn, moveWindow } from '../../src/profile/profile.ts'
import { CURL, NOON_MS, SINGAPORE, call } from './calls.ts'
import { PEERS, told } from './histories.ts'

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

/** Of one token by itself, unless peers are named. */
function noveltyFor(profile: TokenProfile, dimension: Dimension, event: AccessEvent, peers: PeerSnapshot = NO_PEERS) {
  return noveltyOf(profile, dimension, event, peers)
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
    ['ten new ones in a hundred hours: delta = ln 10 / ln 100, one half', 100, 10, -Math.log2(6 / 101)],
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
    const peers = fc.constantFrom(NO_PEERS, PEERS)
    fc.assert(
      fc.property(gaps, fc.constantFrom(...unknown), peers, (gaps, [dimension, change], peers) => {
        let timeMs = NOON_MS
        let before = 0
        const events: AccessEvent[] = []
        for (const gap of gaps) {
          events.push(call((timeMs += gap)))
          const probe = call(timeMs + 2 * DAY_MS, change)
          const bits = noveltyFor(profileOf(events), dimension, probe, peers)?.bits ?? 0
          expect(bits).toBeGreaterThanOrEqual(before)
          before = bits
        }
      }),
      { numRuns: 100 },
    )
  })

  const CHANGING = [
    ['a new client', 'agent', (hour: number) => ({ agent: `pod-${hour}` })],
    ['a new address', 'network', (hour: number) => ({ address: `93.184.216.${hour}` })],
    ['a new endpoint', 'route', (hour: number) => ({ route: `/r${hour}` })],
    ['a new country', 'network', (hour: number) => ({ ...SINGAPORE, country: `C${hour}` })],
  ] as const

  test.each(
    CHANGING.flatMap(([what, dimension, change]) => [
      [`${what} in every hour`, dimension, change, 512] as const,
      [`${what} in every hour, more of them than are kept`, dimension, change, 16] as const,
    ]),
  )('that shows %s is surprised by less than one bit', (_, dimension, change, valuesMax) => {
    const events = hourly(200, change)
    const profile = profileOf(events.slice(0, 1), valuesMax)
    for (const event of events.slice(1)) {
      expect(noveltyFor(profile, dimension, event)?.bits).toBeLessThan(1)
      const among = noveltyFor(profile, dimension, { ...event }, PEERS)
      expect(among?.bits).toBeLessThan(1 + Math.max(0, among?.peerBits ?? 0))
      moveWindow(profile, event.timeMs)
      learn(profile, event, teachable(event) | MASK.errors, 0)
    }
  })

  test('remembers its country though its addresses are more than it can keep', () => {
    const profile = profileOf(
      hourly(500, (hour) => ({ address: `93.184.216.${hour}` })),
      16,
    )
    const theft = noveltyFor(profile, 'network', call(NOON_MS + 500 * HOUR_MS, SINGAPORE))
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
    expect(noveltyFor(profile, dimension, call(NOON_MS + 72 * HOUR_MS, change))?.level).toBe(level)
  })

  test('pays for one new value an hour, within a day of another four bits at most, and then in full', () => {
    const profile = profileOf([...hourly(100), call(NOON_MS + 100 * HOUR_MS, SINGAPORE)])
    const brazil = (hour: number) =>
      noveltyFor(profile, 'network', call(NOON_MS + hour * HOUR_MS, { ...SINGAPORE, country: 'BR' }))
    expect(brazil(100.5)).toMatchObject({ bits: 0, isAgain: false })
    expect(brazil(101)).toMatchObject({ bits: 4, isAgain: true })
    expect(brazil(123.9)).toMatchObject({ bits: 4, isAgain: true })
    expect(brazil(124)).toMatchObject({ bits: newValueBits(101, 2).bits, isAgain: false })
  })

  test('takes the lower of two rates: of the parent, and of the token whatever the parent', () => {
    const busy = hourly(100, (hour) => (hour % 2 === 0 ? {} : { service: 'search', route: `/r${hour}` }))
    const profile = profileOf(busy)
    const atNight = NOON_MS + 200 * HOUR_MS
    const quietService = noveltyFor(profile, 'route', call(atNight, { route: '/v1/keys' }))
    expect(quietService).toMatchObject({ level: 1, n: 100, k: 51, bits: newValueBits(100, 51).bits })
    const busyService = noveltyFor(profile, 'route', call(atNight, { service: 'search', route: '/new' }))
    expect(busyService).toMatchObject({ level: 1, bits: newValueBits(100, 51).bits })
  })

  test('counts below the top of a chain the hours of the days on which the parent was seen', () => {
    const abroad = hourly(5, () => SINGAPORE).map((event) => ({ ...event, timeMs: event.timeMs + 10 * DAY_MS }))
    const profile = profileOf([...hourly(48), ...(abroad as AccessEvent[])])
    const probe = call(NOON_MS + 20 * DAY_MS, {
      ...SINGAPORE,
      network: 'AS2',
      prefix: '1.2.3.0/24',
      address: '1.2.3.4',
    })
    expect(noveltyFor(profile, 'network', probe)).toMatchObject({ level: 1, n: 5, k: 1, siblings: ['AS14061'] })
  })

  test('is the same, and as surprised, in whichever order simultaneous calls came', () => {
    const one = fc.record({
      hour: fc.integer({ min: 0, max: 5 }),
      change: fc.constantFrom({}, SINGAPORE, CURL, { route: '/v1/keys' }, { address: '93.184.216.9' }, { status: 403 }),
    })
    const orders = fc
      .array(one, { minLength: 1, maxLength: 40 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    const inTime = (all: readonly { hour: number; change: object }[]) =>
      all.map(({ hour, change }) => call(NOON_MS + hour * HOUR_MS, change)).sort((a, b) => a.timeMs - b.timeMs)
    const stateOf = (profile: TokenProfile) =>
      told(new Map([['tok', { profile, evidence: createEvidence(), incidents: {} }]]))
    fc.assert(
      fc.property(orders, ([all, shuffled]) => {
        const profile = profileOf(inTime(all))
        const other = profileOf(inTime(shuffled))
        expect(stateOf(other)).toEqual(stateOf(profile))
        for (const hours of [5, 6, 40]) {
          const probe = call(NOON_MS + hours * HOUR_MS, { ...SINGAPORE, country: 'BR', agent: 'wget', route: '/r' })
          for (const dimension of ['network', 'route', 'agent'] as const)
            expect(noveltyFor(other, dimension, probe)).toEqual(noveltyFor(profile, dimension, probe))
        }
      }),
    )
  })
})
