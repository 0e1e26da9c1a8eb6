/** What is remembered of a token's last day by five minutes, against a plain map of counts. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  burstinessBefore,
  callsInFiveMinutes,
  countFiveMinutes,
  createFiveMinutes,
  forgetFiveMinutes,
} from '../../src/profile/five-minutes.ts'
import { measureBurstiness } from '../../src/profile/rate/burst.ts'

const DAY = 288
const FIVE_MINUTES_MS = 300_000
const START = 5_952_960

/** Buckets near each other, of the day before, and long after one another. */
const buckets = fc
  .array(fc.oneof(fc.integer({ min: -40, max: 40 }), fc.constantFrom(0, 287, 288, 4095, 4096, 4097, 20_000, -288)), {
    minLength: 1,
    maxLength: 80,
  })
  .map((steps) => {
    let at = START
    return steps.map((step) => (at += step))
  })

describe('five minutes', () => {
  test('are counted for the day up to the newest of them, in whatever order they come', () => {
    fc.assert(
      fc.property(buckets, (all) => {
        const fine = createFiveMinutes()
        for (const bucket of all) countFiveMinutes(fine, bucket)
        const newest = Math.max(...all)
        const counted = Map.groupBy(
          all.filter((bucket) => bucket > newest - DAY),
          (bucket) => bucket,
        )
        for (let bucket = newest - 2 * DAY; bucket <= newest + 1; bucket++) {
          expect(callsInFiveMinutes(fine, bucket)).toBe(counted.get(bucket)?.length ?? 0)
        }
        expect(fine.length).toBe(counted.size)
      }),
    )
  })

  test('take four bytes each, and no more than a day of them', () => {
    const fine = createFiveMinutes()
    for (let bucket = START; bucket < START + 3 * DAY; bucket++) countFiveMinutes(fine, bucket, 7)
    expect(fine.packed.byteLength).toBe(4 * DAY)
    countFiveMinutes(fine, START + 3 * DAY, 2 ** 30)
    countFiveMinutes(fine, START + 3 * DAY, 2 ** 30)
    expect(callsInFiveMinutes(fine, START + 3 * DAY)).toBe(2 ** 20 - 1)
    expect(callsInFiveMinutes(fine, START + 3 * DAY - 1)).toBe(7)
  })

  test('are forgotten from before a time', () => {
    const fine = createFiveMinutes()
    for (let bucket = START; bucket < START + 24; bucket++) countFiveMinutes(fine, bucket)
    forgetFiveMinutes(fine, (START + 12) * FIVE_MINUTES_MS)
    expect([START + 11, START + 12].map((bucket) => callsInFiveMinutes(fine, bucket))).toEqual([0, 1])
  })

  test('say how calls were spread before an hour, the same from its first minute to its last', () => {
    const fine = createFiveMinutes()
    const history = Array.from({ length: DAY }, (_, at) => ({ bucket: START + at, count: at % 12 === 0 ? 60 : 1 }))
    for (const { bucket, count } of history) countFiveMinutes(fine, bucket, count)
    const hour = (START + DAY) / 12
    const known = history.filter(({ bucket }) => bucket >= START + 12)
    const expected = measureBurstiness({
      buckets: known.map(({ bucket }) => bucket),
      counts: known.map(({ count }) => count),
    })
    for (let at = 0; at < 12; at++) {
      countFiveMinutes(fine, START + DAY + at, 500)
      expect(burstinessBefore(fine, hour)).toEqual(expected)
    }
  })
})
