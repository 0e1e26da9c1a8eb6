/** What a history of counts lets expect, and what it makes of more and of less. */
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { type RateFit, TEMPER, fitFiveMinutes, spikeBits, supported } from '../../src/profile/rate.ts'
import { type FineCounts, measureBurstiness } from '../../src/profile/rate/burst.ts'
import { createRateFold } from '../../src/profile/rate/fold.ts'
import { negativeBinomialLowerTailBits } from '../../src/profile/tails.ts'

// Many histories are folded, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

/** A Monday, 00:00, in hours since 1970. */
const MONDAY = 490_992
const WEEK = 7 * 24

/** The fit for the hour, or for the `span` hours that end with it, after so many hours of history. */
function fitAfter(hours: number, countOf: (at: number) => number, span = 1): RateFit {
  const fold = createRateFold(24, span)
  let active = 0
  for (let at = 0; at < hours; at++) {
    fold.next(MONDAY + at)
    fold.learn(countOf(at))
    if (countOf(at) > 0) active++
  }
  return supported(fold.next(MONDAY + hours), active / span)
}

/** Bits before they are tempered. */
const spike = (fit: RateFit, count: number, surge?: number) => spikeBits(fit, count, surge) / TEMPER
const drop = ({ before, lowerMean, lowerShape }: RateFit, count: number) =>
  negativeBinomialLowerTailBits(before + count, lowerMean, lowerShape)

const office = (at: number) => (at % 24 >= 9 && at % 24 < 17 && at % WEEK < 5 * 24 ? 60 : 0)
const nightly = (at: number) => (at % 24 === 2 ? 5000 : 0)
const wave = (at: number) => 100 + 60 * Math.sin((at / 12) * Math.PI)
/** The wave with some unrest, the same each time. */
const server = (at: number) => Math.round(wave(at) * (1 + 0.2 * Math.sin(at * 12.9898) + 0.2 * Math.sin(at * 78.233)))

describe('what is expected', () => {
  test('of an even token is its count, at any level', () => {
    for (const level of [1, 40, 100_000]) {
      const fit = fitAfter(WEEK, () => level)
      for (const mean of [fit.mean, fit.upperMean, fit.lowerMean]) expect(mean / level).toBeCloseTo(1, 6)
    }
  })

  test('follows the hours of the day and the days of the week', () => {
    expect(fitAfter(4 * WEEK + 12, office).mean).toBeGreaterThan(40)
    expect(fitAfter(4 * WEEK + 3, office).mean).toBeLessThan(3)
    expect(fitAfter(3 * WEEK + 5 * 24 + 12, office).mean).toBeLessThan(25)
  })

  test('follows growth: 3 % a day, and a doubling within a month', () => {
    for (const daily of [1.03, 2 ** (1 / 30)]) {
      const grown = (at: number) => Math.round(wave(at) * daily ** (at / 24))
      for (let hour = 4 * WEEK; hour < 4 * WEEK + 24; hour++) {
        const fit = fitAfter(hour, grown)
        expect(fit.mean / grown(hour)).toBeGreaterThan(0.85)
        expect(spike(fit, grown(hour))).toBeLessThan(6)
      }
    }
  })
})

describe('bits', () => {
  const histories = fc.array(fc.oneof(fc.constant(0), fc.nat(100)), { minLength: 8 * 24, maxLength: 10 * 24 })

  test('grow with the count above what is expected, and with what is missing below', () => {
    fc.assert(
      fc.property(histories, fc.nat(500), fc.nat(500), (counts, one, other) => {
        fc.pre(counts.some((count) => count > 0))
        const fit = fitAfter(counts.length, (at) => counts[at] ?? 0)
        const [less, more] = one < other ? [one, other] : [other, one]
        expect(spike(fit, more)).toBeGreaterThanOrEqual(spike(fit, less) - 1e-6)
        expect(drop(fit, less)).toBeGreaterThanOrEqual(drop(fit, more) - 1e-6)
      }),
      { numRuns: 50 },
    )
  })

  test('of the same excess are never fewer for more history of the same level', () => {
    const cases = fc.record({
      level: fc.integer({ min: 10, max: 1000 }),
      times: fc.integer({ min: 2, max: 20 }),
      hours: fc.integer({ min: 24, max: 600 }),
      more: fc.integer({ min: 1, max: 60 }),
    })
    fc.assert(
      fc.property(cases, ({ level, times, hours, more }) => {
        const short = fitAfter(hours, () => level)
        const long = fitAfter(hours + more, () => level)
        expect(spike(long, level * times)).toBeGreaterThanOrEqual(spike(short, level * times) - 1e-6)
        expect(drop(long, 0)).toBeGreaterThanOrEqual(drop(short, 0) - 1e-3)
      }),
      { numRuns: 60 },
    )
  })

  test('are never more than twice the rank among the hours that were active', () => {
    fc.assert(
      fc.property(histories, fc.nat(1_000_000), (counts, count) => {
        const active = counts.filter((count) => count > 0).length
        fc.pre(active > 0)
        const fit = fitAfter(counts.length, (at) => counts[at] ?? 0)
        expect(spikeBits(fit, count)).toBeLessThanOrEqual(2 * Math.log2(active + 1))
      }),
      { numRuns: 50 },
    )
  })

  test('are as rare as they say, for a token whose hours vary by chance', () => {
    let state = 7
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    // A mean of 60 with a wave; the sum of 40 exponentials is a gamma of shape 40.
    const noisy = Array.from({ length: 8 * WEEK }, (_, at) => {
      let gamma = 0
      for (let i = 0; i < 40; i++) gamma -= Math.log(1 - random()) / 40
      return Math.round((60 + 30 * Math.sin((at / 12) * Math.PI)) * gamma)
    })
    let spikes = 0
    let drops = 0
    let judged = 0
    for (let at = 2 * WEEK; at < noisy.length; at++) {
      const fit = fitAfter(at, (hour) => noisy[hour] as number)
      if (spike(fit, noisy[at] as number) >= 6) spikes++
      if (drop(fit, noisy[at] as number) >= 6) drops++
      judged++
    }
    // One in 64 is worth six bits by chance.
    expect(spikes / judged).toBeLessThan(2 / 64)
    expect(drops / judged).toBeLessThan(2 / 64)
    expect(spikes).toBeGreaterThan(0)
    expect(drops).toBeGreaterThan(0)
  })
})

describe('more than expected', () => {
  test('is not excused by one spike of the past, and is by a habit of them', () => {
    const bitsWith = (spikes: readonly number[]) =>
      spike(
        fitAfter(3 * WEEK, (at) => (spikes.includes(at) ? 5000 : server(at))),
        700,
      )
    expect(bitsWith([200])).toBeGreaterThan(bitsWith([]) - 1)
    expect(bitsWith([200, 250, 300, 350, 400, 450])).toBeLessThan(8)
  })

  test('matters at an hour that is idle otherwise, and not at a busy one', () => {
    expect(spike(fitAfter(4 * WEEK + 3, office), 60)).toBeGreaterThan(12)
    expect(spike(fitAfter(4 * WEEK + 12, office), 60)).toBeLessThan(4)
  })

  test('is nothing new for a batch that runs once a day, also when clocks change; ten times as much is', () => {
    const bits = (hour: number, count: number) => spike(fitAfter(3 * WEEK + hour, nightly), count)
    expect(bits(2, 5000)).toBeLessThan(8)
    expect(bits(3, 5000)).toBeLessThan(8)
    expect(bits(2, 50_000)).toBeGreaterThan(8)
  })

  test('shows in a day before it shows in an hour', () => {
    const ramp = (at: number) => (at < 3 * WEEK ? server(at) : Math.round(server(at) * 1.3))
    const hourly = Array.from({ length: 24 }, (_, at) => {
      const hour = 3 * WEEK + at
      return spike(fitAfter(hour, ramp), ramp(hour))
    })
    const last = 3 * WEEK + 23
    expect(hourly.filter((bits) => bits >= 4).length).toBeLessThan(8)
    expect(spike(fitAfter(last, ramp, 24), ramp(last))).toBeGreaterThan(8)
  })

  test('explains itself where the peers have more too; that they have less makes nobody a suspect', () => {
    const fit = fitAfter(4 * WEEK, server)
    expect(spike(fit, 500)).toBeGreaterThan(12)
    expect(spike(fit, 500, 5)).toBe(0)
    expect(spike(fit, 500, 0.2)).toBe(spike(fit, 500))
  })
})

describe('less than expected', () => {
  test('is silence at a busy hour, not at an idle one, nor on a free day', () => {
    expect(drop(fitAfter(4 * WEEK, server), 0)).toBeGreaterThan(12)
    expect(drop(fitAfter(4 * WEEK + 12, office), 0)).toBeGreaterThan(8)
    expect(drop(fitAfter(4 * WEEK + 3, office), 0)).toBeLessThan(1)
    expect(drop(fitAfter(3 * WEEK + 5 * 24 + 12, office), 0)).toBeLessThan(4)
  })
})

describe('five minutes', () => {
  const hour = fitAfter(2 * WEEK, () => 120)
  const fine = (countOf: (at: number) => number): FineCounts => {
    const all = Array.from({ length: 23 * 12 }, (_, at) => ({ bucket: MONDAY * 12 + at, count: countOf(at) }))
    const kept = all.filter(({ count }) => count > 0)
    return { buckets: kept.map(({ bucket }) => bucket), counts: kept.map(({ count }) => count) }
  }
  const bitsOf = (countOf: (at: number) => number, count: number) =>
    spike(fitFiveMinutes(hour, measureBurstiness(fine(countOf))), count)

  test('are a twelfth of their hour, which is spread as it was', () => {
    const even = fitFiveMinutes(hour, measureBurstiness(fine((at) => 8 + (at % 5))))
    expect(even.mean).toBeCloseTo(10, 6)
    expect(spike(even, 60)).toBeGreaterThan(12)
    expect(bitsOf((at) => (at % 12 === 0 ? 120 : 0), 120)).toBeLessThan(8)
  })

  test('are not excused by one burst', () => {
    const quiet = bitsOf((at) => 8 + (at % 5), 60)
    expect(bitsOf((at) => (at === 200 ? 2000 : 8 + (at % 5)), 60)).toBeCloseTo(quiet, 0)
  })

  test('are taken to come at once while little is known of them', () => {
    expect(measureBurstiness(fine(() => 0)).ratio).toBe(12)
    expect(measureBurstiness(fine((at) => (at === 3 || at === 5 || at === 30 ? 1 : 0))).ratio).toBeGreaterThan(9)
    expect(measureBurstiness(fine(() => 10)).ratio).toBeLessThan(1.1)
  })
})
