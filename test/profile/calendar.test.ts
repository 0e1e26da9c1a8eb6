/** Hours, days and months are cut as the calendar and ClickHouse cut them. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayBit, dayOf, monthOf, monthStartMs, popcount } from '../../src/profile/calendar.ts'

const anyTime = fc.oneof(
  fc.integer({ min: 0, max: 4_102_444_800_000 }),
  fc.tuple(fc.nat(1560), fc.constantFrom(-1, 0, 1)).map(([month, ms]) => Math.max(0, Date.UTC(1970, month, 1) + ms)),
)

describe('event time', () => {
  test('falls into the month, the day of the month and the day since 1970 that Date says', () => {
    fc.assert(
      fc.property(anyTime, (timeMs) => {
        const date = new Date(timeMs)
        expect(monthOf(timeMs)).toBe((date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth())
        expect(dayBit(timeMs)).toBe(1 << (date.getUTCDate() - 1))
        expect(dayOf(timeMs)).toBe(Math.floor(date.getTime() / 86_400_000))
        expect(monthStartMs(monthOf(timeMs))).toBe(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1))
      }),
      { numRuns: 2000 },
    )
  })

  test('popcount counts the bits of any mask', () => {
    fc.assert(
      fc.property(fc.integer(), (bits) => {
        expect(popcount(bits)).toBe((bits >>> 0).toString(2).replaceAll('0', '').length)
      }),
    )
  })
})
