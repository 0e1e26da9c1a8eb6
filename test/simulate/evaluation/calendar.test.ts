/** Clocks of the evaluation's countries around the days on which they change. */
import { expect, it } from 'vitest'
import { daysToMonthEnd, localMs, weekdayOf, ZONES_BY_COUNTRY } from '../../../src/simulate/evaluation/calendar.ts'

const local = (country: string, time: string) =>
  new Date(localMs(ZONES_BY_COUNTRY[country]![0]!, Date.parse(time))).toISOString().slice(0, 16)

it.each([
  ['DE', '2026-10-25T00:59:00Z', '2026-10-25T02:59'],
  ['DE', '2026-10-25T01:00:00Z', '2026-10-25T02:00'],
  ['DE', '2026-03-29T00:59:00Z', '2026-03-29T01:59'],
  ['DE', '2026-03-29T01:00:00Z', '2026-03-29T03:00'],
  ['US', '2026-11-01T05:59:00Z', '2026-11-01T01:59'],
  ['US', '2026-11-01T06:00:00Z', '2026-11-01T01:00'],
  ['US', '2026-03-08T07:00:00Z', '2026-03-08T03:00'],
  ['AU', '2026-10-03T15:59:00Z', '2026-10-04T01:59'],
  ['AU', '2026-10-03T16:00:00Z', '2026-10-04T03:00'],
  ['IN', '2026-10-25T01:00:00Z', '2026-10-25T06:30'],
])('in %s it is at %s %s', (country, time, expected) => {
  expect(local(country, time)).toBe(expected)
})

it('counts weekdays and the days that are left of a month', () => {
  expect(weekdayOf(Date.parse('2026-10-04T12:00:00Z'))).toBe(0)
  expect(daysToMonthEnd(Date.parse('2026-10-31T23:00:00Z'))).toBe(0)
  expect(daysToMonthEnd(Date.parse('2026-11-01T00:00:00Z'))).toBe(29)
})
