/** When a token worked, told again from the hours themselves where the profile keeps bits of months. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  activeDays,
  activeHours,
  activeHoursOn,
  createActivity,
  markActive,
  workedHours,
} from '../../src/profile/activity.ts'

const HOUR_MS = 3_600_000
/** A Thursday, before the end of a leap year's February. */
const START = Date.UTC(2024, 1, 27) / HOUR_MS

/** Hours since 1970 in which the token worked, over some three months. */
const hours = fc
  .array(fc.oneof(fc.nat(100), fc.nat(90 * 24)), { maxLength: 80 })
  .map((all) => all.map((at) => START + at))

function activityOf(all: readonly number[]) {
  const activity = createActivity()
  for (const hour of all) markActive(activity, hour * HOUR_MS + 1234)
  return activity
}

function dayOf(hour: number): number {
  return Math.floor(hour / 24)
}

/** By month since 1970, the mask of its days. */
function daysOf(all: readonly number[]): Map<number, number> {
  const months = new Map<number, number>()
  for (const day of all) {
    const date = new Date(day * 24 * HOUR_MS)
    const month = (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
    months.set(month, (months.get(month) ?? 0) | (1 << (date.getUTCDate() - 1)))
  }
  return months
}

describe('the hours in which a token worked', () => {
  test('count once each, in all, and from any hour on', () => {
    fc.assert(
      fc.property(hours, fc.integer({ min: -10, max: 95 * 24 }), (all, since) => {
        const distinct = [...new Set(all)]
        expect(activeHours(activityOf(all))).toBe(distinct.length)
        const later = distinct.filter((hour) => hour >= START + since)
        expect(activeHours(activityOf(all), START + since)).toBe(later.length)
      }),
    )
  })

  test('count on chosen days, and on those from any hour on', () => {
    const days = fc.array(fc.nat(91), { maxLength: 40 }).map((all) => all.map((at) => dayOf(START) + at))
    fc.assert(
      fc.property(hours, days, fc.integer({ min: -10, max: 95 * 24 }), (all, days, since) => {
        const chosen = [...new Set(all)].filter((hour) => days.includes(dayOf(hour)))
        expect(activeHoursOn(activityOf(all), daysOf(days))).toBe(chosen.length)
        const later = chosen.filter((hour) => hour >= START + since)
        expect(activeHoursOn(activityOf(all), daysOf(days), START + since)).toBe(later.length)
      }),
    )
  })

  test('make its days, in order', () => {
    fc.assert(
      fc.property(hours, (all) => {
        expect(activeDays(activityOf(all))).toEqual([...new Set(all.map(dayOf))].sort((a, b) => a - b))
      }),
    )
  })
})

describe('the hours of the day at which a token worked before a day', () => {
  test('count the days from its first one on, workdays and weekends apart', () => {
    fc.assert(
      fc.property(hours, fc.integer({ min: -2, max: 95 }), (all, at) => {
        const until = dayOf(START) + at
        const past = all.filter((hour) => dayOf(hour) < until)
        const first = Math.min(...past.map(dayOf))
        const isWeekend = (day: number) => [0, 6].includes(new Date(day * 24 * HOUR_MS).getUTCDay())
        const told = workedHours(activityOf(all), until)
        for (const [kind, isOfKind] of [
          ['all', () => true],
          ['weekend', isWeekend],
          ['workday', (day: number) => !isWeekend(day)],
        ] as const) {
          let days = 0
          for (let day = first; day < until; day++) if (isOfKind(day)) days++
          expect(told[kind].days).toBe(days)
          for (let hour = 0; hour < 24; hour++) {
            const own = past.filter((each) => each % 24 === hour && isOfKind(dayOf(each)))
            expect(told[kind].hours[hour]).toBe(new Set(own.map(dayOf)).size)
          }
        }
      }),
    )
  })
})
