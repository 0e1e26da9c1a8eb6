/**
 * A token used at an hour at which it never works.
 *
 * Attack: a stolen token used in the thief's daytime, which is the owner's night, maybe from the owner's own network.
 * Signal: the hour of the day and its neighbours (in UTC; one hour to each side, so that daylight saving is no surprise)
 * against the days since the token was first seen: all of them, and those of this kind, workday or weekend. Bits:
 * P = (c + 1/2) / (D + 1) with c of D days on which it worked at that hour (Krichevsky & Trofimov, 1981), the greater of
 * both; `farBits` more where it works nowhere near that hour.
 * Blind to: tokens that work around the clock, and thieves who keep office hours.
 */
import { z } from 'zod'
import { workedHours } from '../profile/activity.ts'
import { dayOf, hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { HOUR_MS } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { bitsEquation, num } from './shared/arithmetic.ts'

const FAR_HOURS = 3
/** Before so many days a token has shown no rhythm. */
const DAYS_MIN = 5

export const unusualHour = defineDetector({
  name: 'unusual-hour',
  summary: 'A token used at an hour at which it never works.',
  cause: 'time',
  settings: z.strictObject({
    farBits: z
      .number()
      .min(0)
      .describe(`Bits more where it never worked within ${FAR_HOURS} hours of that hour.`)
      .default(4),
  }),
  explain(found) {
    const { days = 0, daysAtHour = 0, daysAlike = 0, alikeAtHour = 0, farBits = 0 } = found.numbers
    const all = `-log2((${daysAtHour} + 0.5) / (${days} + 1))`
    const alike = `-log2((${alikeAtHour} + 0.5) / (${daysAlike} + 1))`
    return bitsEquation(`max(0, ${all}, ${alike}) + ${num(farBits)}`, found)
  },
  create: ({ farBits }, { findingBitsMin }) => ({
    name: 'unusual-hour',
    inspect(event, profile) {
      if (isUnauthenticated(event) || profile.nowMs === 0) return undefined
      const hour = hourOf(event.timeMs)
      if (hour === hourOf(profile.nowMs)) return undefined
      const raised = profile.raised.get('unusual-hour')
      if (raised !== undefined && hour * HOUR_MS <= raised.bucketMs) return undefined
      const ofDay = hour % 24
      const worked = workedHours(profile.activity, dayOf(event.timeMs))
      if (worked.all.days < DAYS_MIN) return undefined
      const all = share(worked.all, ofDay, 1)
      const kind = isWeekend(event.timeMs) ? worked.weekend : worked.workday
      const alike = share(kind, ofDay, 1)
      const isFar = share(worked.all, ofDay, FAR_HOURS).days === 0
      const bits = Math.max(all.bits, alike.bits) + (isFar ? farBits : 0)
      if (bits < findingBitsMin) return undefined
      return {
        bits,
        seen: `Used at ${String(ofDay).padStart(2, '0')}:00-${String(ofDay).padStart(2, '0')}:59 UTC on a ${isWeekend(event.timeMs) ? 'weekend' : 'workday'}`,
        normal: `Within an hour of that time on ${all.days} of ${worked.all.days} days, on ${alike.days} of ${kind.days} ${isWeekend(event.timeMs) ? 'weekend days' : 'workdays'}`,
        numbers: {
          days: worked.all.days,
          daysAtHour: all.days,
          daysAlike: kind.days,
          alikeAtHour: alike.days,
          farBits: isFar ? farBits : 0,
        },
        bucket: { startMs: hour * HOUR_MS, step: 1 },
      }
    },
  }),
})

/** On how many days the token worked within `reach` hours of an hour of the day. */
function share(worked: { readonly days: number; readonly hours: readonly number[] }, hour: number, reach: number) {
  let days = 0
  for (let at = -reach; at <= reach; at++) days = Math.max(days, worked.hours[(hour + at + 24) % 24] ?? 0)
  return { days, bits: -Math.log2(Math.min(1, (days + 0.5) / (worked.days + 1))) }
}

function isWeekend(timeMs: number): boolean {
  const day = new Date(timeMs).getUTCDay()
  return day === 0 || day === 6
}
