/** What a history of counts lets expect, and what it makes of more and of less. */
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import {
  DAY,
  HOUR,
  type RateFit,
  type Resolution,
  describeRate,
  dropBits,
  fitFiveMinutes,
  fitRate,
  spikeBits,
} from '../../src/profile/rate.ts'
import type { CountHistory } from '../../src/profile/rate/history.ts'

// Many histories are folded, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

/** A Monday, 00:00, in hours since 1970. */
const MONDAY = 490_992
const WEEK = 7 * 24

function historyOf(length: number, countOf: (at: number) => number, since = MONDAY): CountHistory {
  const kept = Array.from({ length }, (_, at) => ({ bucket: since + at, count: countOf(at) })).filter(
    ({ count }) => count > 0,
  )
  return { since, buckets: kept.map(({ bucket }) => bucket), counts: kept.map(({ count }) => count) }
}

/** The fit for the hour after `hours` of history. */
function fitAfter(hours: number, countOf: (at: number) => number, resolution: Resolution = HOUR): RateFit {
  const fit = fitRate(historyOf(hours, countOf), MONDAY + hours, resolution)
  if (fit === undefined) throw new Error('nothing was counted')
  return fit
}

const office = (at: number) => (at % 24 >= 9 && at % 24 < 17 && at % WEEK < 5 * 24 ? 60 : 0)
const nightly = (at: number) => (at % 24 === 2 ? 5000 : 0)
const wave = (at: number) => 100 + 60 * Math.sin((at / 12) * Math.PI)
/** The wave with some unrest, the same each time. */
const server = (at: number) => Math.round(wave(at) * (1 + 0.2 * Math.sin(at * 12.9898) + 0.2 * Math.sin(at * 78.233)))

describe('what is expected', () => {
  test('is unknown where nothing was counted before', () => {
    expect(fitRate({ since: MONDAY, buckets: [], counts: [] }, MONDAY + 10, HOUR)).toBeUndefined()
    expect(fitRate({ since: MONDAY, buckets: [MONDAY + 10], counts: [5] }, MONDAY + 10, HOUR)).toBeUndefined()
  })

  test('rests on earlier buckets only, and on no more than are kept', () => {
    const counts = fc.array(fc.nat(50), { minLength: 30, maxLength: 60 })
    fc.assert(
      fc.property(counts, fc.array(fc.nat(1000), { maxLength: 20 }), (counts, later) => {
        fc.pre(counts.some((count) => count > 0))
        const all = [...counts, ...later]
        const alone = fitRate(
          historyOf(counts.length, (at) => counts[at] ?? 0),
          MONDAY + counts.length,
          HOUR,
        )
        const amid = fitRate(
          historyOf(all.length, (at) => all[at] ?? 0),
          MONDAY + counts.length,
          HOUR,
        )
        expect(amid).toEqual(alone)
      }),
      { numRuns: 50 },
    )
    const older = historyOf(HOUR.kept + 100, (at) => (at < 100 ? 1000 : server(at)))
    const bucket = MONDAY + HOUR.kept + 100
    const kept = { ...older, since: MONDAY + 100, buckets: older.buckets, counts: older.counts }
    expect(fitRate(older, bucket, HOUR)).toEqual(fitRate(kept, bucket, HOUR))
  })

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
        expect(spikeBits(fit, grown(hour))).toBeLessThan(6)
      }
    }
  })

  test('is told in words', () => {
    const words = describeRate(fitAfter(WEEK, () => 40))
    expect(words).toBe('40 expected, 40 to 40 around this time, from 168 observations')
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
        expect(spikeBits(fit, more)).toBeGreaterThanOrEqual(spikeBits(fit, less) - 1e-6)
        expect(dropBits(fit, less)).toBeGreaterThanOrEqual(dropBits(fit, more) - 1e-6)
      }),
      { numRuns: 50 },
    )
  })

  test('of the same excess are never fewer for more history of the same level', () => {
    const cases = fc.record({
      level: fc.integer({ min: 1, max: 1000 }),
      times: fc.integer({ min: 2, max: 20 }),
      hours: fc.integer({ min: 1, max: 600 }),
      more: fc.integer({ min: 1, max: 60 }),
    })
    fc.assert(
      fc.property(cases, ({ level, times, hours, more }) => {
        const short = fitAfter(hours, () => level)
        const long = fitAfter(hours + more, () => level)
        expect(spikeBits(long, level * times)).toBeGreaterThanOrEqual(spikeBits(short, level * times) - 1e-6)
        expect(dropBits(long, 0)).toBeGreaterThanOrEqual(dropBits(short, 0) - 1e-6)
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
        expect(dropBits(fit, 0)).toBeLessThanOrEqual(2 * Math.log2(active + 1))
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
      if (spikeBits(fit, noisy[at] as number) >= 6) spikes++
      if (dropBits(fit, noisy[at] as number) >= 6) drops++
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
      spikeBits(
        fitAfter(3 * WEEK, (at) => (spikes.includes(at) ? 5000 : server(at))),
        700,
      )
    expect(bitsWith([200])).toBeGreaterThan(bitsWith([]) - 1)
    expect(bitsWith([200, 250, 300, 350, 400, 450])).toBeLessThan(8)
  })

  test('matters at an hour that is idle otherwise, and not at a busy one', () => {
    expect(spikeBits(fitAfter(4 * WEEK + 3, office), 60)).toBeGreaterThan(12)
    expect(spikeBits(fitAfter(4 * WEEK + 12, office), 60)).toBeLessThan(4)
  })

  test('is nothing new for a batch that runs once a day, also when clocks change; ten times as much is', () => {
    const bits = (hour: number, count: number) => spikeBits(fitAfter(3 * WEEK + hour, nightly), count)
    expect(bits(2, 5000)).toBeLessThan(8)
    expect(bits(3, 5000)).toBeLessThan(8)
    expect(bits(2, 50_000)).toBeGreaterThan(8)
  })

  test('shows in a day before it shows in an hour', () => {
    const ramp = (at: number) => (at < 3 * WEEK ? server(at) : Math.round(server(at) * 1.3))
    const hourly = Array.from({ length: 24 }, (_, at) => {
      const hour = 3 * WEEK + at
      return spikeBits(fitAfter(hour, ramp), ramp(hour))
    })
    const last = 3 * WEEK + 23
    expect(hourly.filter((bits) => bits >= 4).length).toBeLessThan(8)
    expect(spikeBits(fitAfter(last, ramp, DAY), ramp(last))).toBeGreaterThan(8)
  })

  test('explains itself where the peers have more too; that they have less makes nobody a suspect', () => {
    const fit = fitAfter(4 * WEEK, server)
    expect(spikeBits(fit, 500)).toBeGreaterThan(12)
    expect(spikeBits(fit, 500, 5)).toBe(0)
    expect(spikeBits(fit, 500, 0.2)).toBe(spikeBits(fit, 500))
  })
})

describe('less than expected', () => {
  test('is silence at a busy hour, not at an idle one, nor on a free day', () => {
    expect(dropBits(fitAfter(4 * WEEK, server), 0)).toBeGreaterThan(12)
    expect(dropBits(fitAfter(4 * WEEK + 12, office), 0)).toBeGreaterThan(8)
    expect(dropBits(fitAfter(4 * WEEK + 3, office), 0)).toBeLessThan(1)
    expect(dropBits(fitAfter(3 * WEEK + 5 * 24 + 12, office), 0)).toBeLessThan(4)
  })

  test('is no drop while nobody knows what a week looks like', () => {
    expect(dropBits(fitAfter(6 * 24, server), 0)).toBe(0)
    expect(dropBits(fitAfter(7 * 24, server), 0)).toBeGreaterThan(8)
  })

  test('explains itself on a holiday, when the peers have less too', () => {
    const fit = fitAfter(4 * WEEK, server)
    expect(dropBits(fit, 20)).toBeGreaterThan(8)
    expect(dropBits(fit, 20, 0.2)).toBeLessThan(1)
    expect(dropBits(fit, 20, 5)).toBe(dropBits(fit, 20))
  })
})

describe('five minutes', () => {
  const hour = fitAfter(2 * WEEK, () => 120)
  const now = (MONDAY + 2 * WEEK) * 12
  const fine = (countOf: (at: number) => number) => historyOf(48 * 12, countOf, now - 48 * 12)

  test('are a twelfth of their hour, which is spread as it was', () => {
    const even = fitFiveMinutes(
      hour,
      fine((at) => 8 + (at % 5)),
      now,
    )
    const timed = fitFiveMinutes(
      hour,
      fine((at) => (at % 12 === 0 ? 120 : 0)),
      now,
    )
    expect(even.mean).toBeCloseTo(10, 6)
    expect(spikeBits(even, 60)).toBeGreaterThan(12)
    expect(spikeBits(timed, 120)).toBeLessThan(8)
  })

  test('are not excused by one burst', () => {
    const quiet = fine((at) => 8 + (at % 5))
    const burst = fine((at) => (at === 300 ? 2000 : 8 + (at % 5)))
    expect(spikeBits(fitFiveMinutes(hour, burst, now), 60)).toBeCloseTo(
      spikeBits(fitFiveMinutes(hour, quiet, now), 60),
      0,
    )
  })

  test('rest on earlier buckets only', () => {
    const history = fine((at) => 8 + (at % 5))
    const later = {
      ...history,
      buckets: [...Array.from(history.buckets), now],
      counts: [...Array.from(history.counts), 900],
    }
    expect(fitFiveMinutes(hour, later, now)).toEqual(fitFiveMinutes(hour, history, now))
  })
})
