/** Times in every notation that producers use. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTimestamp } from '../../src/ingest/timestamp.ts'

const NOON_MS = Date.UTC(2026, 2, 1, 12)

test.each([
  { it: 'Seconds', value: NOON_MS / 1000, ms: NOON_MS },
  { it: 'Seconds with a fraction', value: NOON_MS / 1000 + 0.123, ms: NOON_MS + 123 },
  { it: 'Milliseconds', value: NOON_MS, ms: NOON_MS },
  { it: 'Milliseconds with a fraction', value: NOON_MS + 0.9, ms: NOON_MS },
  { it: 'Microseconds', value: NOON_MS * 1000 + 999, ms: NOON_MS },
  { it: 'Nanoseconds', value: NOON_MS * 1e6, ms: NOON_MS },
  { it: 'Numeric text', value: `${NOON_MS / 1000}.5`, ms: NOON_MS + 500 },
  { it: 'Nanoseconds as text', value: `${NOON_MS}123456`, ms: NOON_MS },
  { it: 'UTC', value: '2026-03-01T12:00:00Z', ms: NOON_MS },
  { it: 'Lower case and a space, as RFC 3339 allows', value: '2026-03-01 12:00:00z', ms: NOON_MS },
  { it: 'An offset ahead', value: '2026-03-01T14:00:00+02:00', ms: NOON_MS },
  { it: 'An offset behind, without its colon', value: '2026-03-01T06:30:00-0530', ms: NOON_MS },
  { it: 'Nine digits of fraction', value: '2026-03-01T12:00:00.987654321Z', ms: NOON_MS + 987 },
  { it: 'One digit of fraction', value: '2026-03-01T12:00:00.5Z', ms: NOON_MS + 500 },
  { it: 'A leap second', value: '2016-12-31T23:59:60Z', ms: Date.UTC(2017, 0, 1) },
  { it: 'A leap day', value: '2024-02-29T00:00:00Z', ms: Date.UTC(2024, 1, 29) },
  { it: 'The epoch', value: 0, ms: 0 },
])('$it: $value', ({ value, ms }) => {
  expect(parseTimestamp(value)).toBe(ms)
})

test.each([
  '2026-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-01-32T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T00:60:00Z',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00',
  '2026-01-01',
  '0000-01-01T00:00:00Z',
  'Sun, 01 Mar 2026 12:00:00 GMT',
  '1e400',
  '0x10',
  'NaN',
  -5,
  Number.NaN,
  Infinity,
  1e21,
])('%j is no time.', (value) => {
  expect(parseTimestamp(value)).toBeUndefined()
})

describe('any moment', () => {
  const moments = fc.integer({ min: Date.UTC(1975, 0, 1), max: Date.UTC(2199, 11, 31) })

  test('reads back from RFC 3339 at any offset.', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: -1439, max: 1439 }), (ms, minutes) => {
        const local = new Date(ms + minutes * 60_000).toISOString().slice(0, -1)
        const two = (n: number) => String(Math.trunc(n)).padStart(2, '0')
        const offset = `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`
        expect(parseTimestamp(local + offset)).toBe(ms)
      }),
    )
  })

  test('of any day reads as Date reads it, whether there is such a day or not.', () => {
    const days = fc.tuple(fc.integer({ min: 100, max: 2400 }), fc.integer({ min: 0, max: 13 }), fc.nat(32))
    fc.assert(
      fc.property(days, ([year, month, day]) => {
        const pad = (n: number, digits: number) => String(n).padStart(digits, '0')
        const text = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
        const ms = Date.parse(`${text}T00:00:00Z`)
        // Date lets the 30th of February be the 2nd of March.
        const isDay = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
        expect(parseTimestamp(`${text}T00:00:00Z`)).toBe(isDay ? ms : undefined)
      }),
      { numRuns: 2_000 },
    )
  })

  test('reads back from epoch seconds, milliseconds, microseconds and nanoseconds.', () => {
    fc.assert(
      fc.property(moments, (ms) => {
        expect(parseTimestamp(ms / 1000)).toBe(ms)
        expect(parseTimestamp(ms)).toBe(ms)
        expect(parseTimestamp(ms * 1000)).toBe(ms)
        expect(parseTimestamp(ms * 1e6)).toBe(ms)
      }),
    )
  })
})
