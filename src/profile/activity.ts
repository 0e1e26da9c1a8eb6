/** When and how much a token works: its active hours over the window, and hourly counts of the last four weeks. */
import { type HourCounts, type HourTable, countsAt, createHours, dropHoursBefore, hoursIn } from './hours.ts'
import { HOURS_KEPT, dayOf, hourOf, monthStartMs, popcount } from './calendar.ts'
import { HOUR_MS } from '../settings.ts'

export interface Activity {
  /** Days on which the token worked, ascending: the day since 1970 times 2^24, with a bit for each of its hours. */
  days: readonly number[]
  /** At most four weeks before the token's greatest event time. */
  readonly hours: HourTable
}

const HOURS_SPAN = 2 ** 24
const NONE: readonly number[] = []

export function createActivity(): Activity {
  return { days: NONE, hours: createHours() }
}

/** Day since 1970 of a packed day. */
function dayIn(packed: number): number {
  return Math.floor(packed / HOURS_SPAN)
}

/** Its 24 bits, the first hour lowest. */
function hoursOf(packed: number): number {
  return packed % HOURS_SPAN
}

/** Marks an hour as one in which the token worked. */
export function markActive(activity: Activity, timeMs: number): void {
  const { days } = activity
  const day = dayOf(timeMs)
  const bit = 1 << (hourOf(timeMs) - day * 24)
  let at = days.length
  while (at > 0 && dayIn(days[at - 1] as number) > day) at--
  const known = days[at - 1]
  if (known === undefined || dayIn(known) < day) {
    const packed = day * HOURS_SPAN + bit
    activity.days = at === days.length ? days.concat(packed) : days.toSpliced(at, 0, packed)
  } else (days as number[])[at - 1] = day * HOURS_SPAN + (hoursOf(known) | bit)
}

/** The learned hours of the window by day since 1970, ascending: 24 bits each, the first hour lowest. */
export function* workedDays({ days }: Activity): Generator<{ readonly day: number; readonly hours: number }> {
  for (const packed of days) yield { day: dayIn(packed), hours: hoursOf(packed) }
}

/** Number of learned hours in the window, from the hour `sinceHour` on. */
export function activeHours({ days }: Activity, sinceHour = 0): number {
  let n = 0
  for (const packed of days) n += hoursSince(packed, sinceHour)
  return n
}

function hoursSince(packed: number, sinceHour: number): number {
  const skip = sinceHour - dayIn(packed) * 24
  if (skip <= 0) return popcount(hoursOf(packed))
  return skip >= 24 ? 0 : popcount(hoursOf(packed) >>> skip)
}

/**
 * Number of learned hours, from the hour `sinceHour` on, that lie on certain days.
 * @param masks by month since 1970, a bit for each of its days.
 */
export function activeHoursOn({ days }: Activity, masks: ReadonlyMap<number, number>, sinceHour = 0): number {
  let n = 0
  for (const [month, mask] of masks) {
    const firstDay = dayOf(monthStartMs(month))
    for (const packed of days) {
      const ofMonth = dayIn(packed) - firstDay
      if (ofMonth >= 0 && ofMonth < 31 && ((mask >>> ofMonth) & 1) !== 0) n += hoursSince(packed, sinceHour)
    }
  }
  return n
}

/** Days since 1970 on which the token worked, ascending. */
export function activeDays({ days }: Activity): number[] {
  return days.map(dayIn)
}

/** Of so many days, on how many the token worked at each hour of the day (UTC). */
export interface WorkedHours {
  days: number
  readonly hours: number[]
}

/** When the token worked on the days from its first one until before `day`, on workdays and on weekends. */
export function workedHours(activity: Activity, day: number): Record<'all' | 'workday' | 'weekend', WorkedHours> {
  const worked = { all: noHours(), workday: noHours(), weekend: noHours() }
  let first = Number.POSITIVE_INFINITY
  for (const { day: of, hours } of workedDays(activity)) {
    if (of >= day) break
    first = Math.min(first, of)
    const kind = worked[isWeekendDay(of) ? 'weekend' : 'workday']
    for (let hour = 0; hour < 24; hour++) {
      if (((hours >>> hour) & 1) === 0) continue
      worked.all.hours[hour] = (worked.all.hours[hour] as number) + 1
      kind.hours[hour] = (kind.hours[hour] as number) + 1
    }
  }
  for (let at = first; at < day; at++) {
    worked.all.days++
    worked[isWeekendDay(at) ? 'weekend' : 'workday'].days++
  }
  return worked
}

function noHours(): WorkedHours {
  return { days: 0, hours: Array.from({ length: 24 }, () => 0) }
}

/** Day 0 was a Thursday. */
function isWeekendDay(day: number): boolean {
  return (day + 3) % 7 >= 5
}

/** Drops months before `month` and hours more than four weeks before `nowMs`. Returns whether an hour went. */
export function pruneActivity(activity: Activity, month: number, nowMs: number): boolean {
  dropDaysBefore(activity, dayOf(monthStartMs(month)))
  return dropHoursBefore(activity.hours, hourOf(nowMs) - HOURS_KEPT)
}

/** Drops the hours before a time, which is the start of one. Returns whether an hour went. */
export function forgetActivity(activity: Activity, beforeMs: number): boolean {
  const day = dayOf(beforeMs)
  dropDaysBefore(activity, day)
  const [first] = activity.days
  if (first !== undefined && dayIn(first) === day) {
    const left = hoursOf(first) & (-1 << (hourOf(beforeMs) - day * 24))
    activity.days = left === 0 ? activity.days.slice(1) : activity.days.with(0, day * HOURS_SPAN + left)
  }
  return dropHoursBefore(activity.hours, hourOf(beforeMs))
}

function dropDaysBefore(activity: Activity, day: number): void {
  const { days } = activity
  let drop = 0
  while (drop < days.length && dayIn(days[drop] as number) < day) drop++
  if (drop > 0) activity.days = days.slice(drop)
}

/**
 * The hours that a fit for `hour` may rest on: those before it, at most four weeks, in which calls were learned. Calls in
 * quarantine count once they are `adoptAfterMs` old: were they never to, a token that does more than it used to would be
 * judged by its quiet hours alone, and be found again every day.
 */
export function hoursBefore(activity: Activity, hour: number, adoptAfterMs: number): HourCounts[] {
  const adopted = hour - adoptAfterMs / HOUR_MS
  const past: HourCounts[] = []
  for (let at = 0; at < hoursIn(activity.hours); at++) {
    const counts = countsAt(activity.hours, at)
    if (counts.hour >= hour) break
    if (counts.hour < hour - HOURS_KEPT) continue
    const isAdopted = counts.held > 0 && counts.hour <= adopted
    const learned = isAdopted ? counts.learned + counts.held : counts.learned
    if (learned > 0) past.push(isAdopted ? { ...counts, learned, held: 0 } : counts)
  }
  return past
}
