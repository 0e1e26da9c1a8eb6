/** When and how much a token works: its active hours over the window, and hourly counts of the last four weeks. */
import { HOURS_KEPT, dayOf, hourOf, monthOf, monthStartMs, popcount } from './calendar.ts'
import { HOUR_MS } from '../settings.ts'

/** Counts of one hour. Refused calls count whether or not the hour was learned. */
export interface HourCounts {
  /** Hours since 1970. */
  readonly hour: number
  /** Calls that teach. */
  learned: number
  /** Calls in quarantine. */
  held: number
  /** Bytes in and out of all these. */
  bytes: number
  /** 401, 403 and 404. */
  refused: number
  /** The 401 among them: they are no calls of the token. */
  unauthenticated: number
  /** 429: too many calls, which says nothing of what the token may do. */
  limited: number
  /** Learned returns to a source from another network, and from another address of the same network. */
  networkTurns: number
  addressTurns: number
}

export interface Activity {
  /** Month since 1970 -> its learned hours, a bit each. */
  readonly months: Map<number, Uint32Array>
  /** By hour, ascending, at most four weeks before the token's greatest event time. */
  hours: HourCounts[]
}

export function createActivity(): Activity {
  return { months: new Map(), hours: [] }
}

/** The counts of the hour, made when absent. */
export function hourCounts(activity: Activity, hour: number): HourCounts {
  const { hours } = activity
  let at = hours.length
  while (at > 0 && (hours[at - 1] as HourCounts).hour >= hour) at--
  const found = hours[at]
  if (found !== undefined && found.hour === hour) return found
  const counts: HourCounts = {
    hour,
    learned: 0,
    held: 0,
    bytes: 0,
    refused: 0,
    unauthenticated: 0,
    limited: 0,
    networkTurns: 0,
    addressTurns: 0,
  }
  hours.splice(at, 0, counts)
  return counts
}

/** Marks an hour as one in which the token worked. */
export function markActive(activity: Activity, timeMs: number): void {
  const month = monthOf(timeMs)
  let bits = activity.months.get(month)
  if (bits === undefined) {
    bits = new Uint32Array(24)
    activity.months.set(month, bits)
  }
  const hour = hourOf(timeMs) - hourOf(monthStartMs(month))
  bits[hour >> 5] = (bits[hour >> 5] ?? 0) | (1 << (hour & 31))
}

/** Number of learned hours in the window, from the hour `sinceHour` on. */
export function activeHours(activity: Activity, sinceHour = 0): number {
  let n = 0
  for (const [month, bits] of activity.months) {
    const skip = sinceHour - hourOf(monthStartMs(month))
    for (let i = 0; i < bits.length; i++) {
      const word = bits[i] as number
      if (skip <= i * 32) n += popcount(word)
      else if (skip < i * 32 + 32) n += popcount(word >>> (skip & 31))
    }
  }
  return n
}

/**
 * Number of learned hours, from the hour `sinceHour` on, that lie on certain days.
 * @param days by month since 1970, as masks.
 */
export function activeHoursOn(activity: Activity, days: ReadonlyMap<number, number>, sinceHour = 0): number {
  let n = 0
  for (const [month, mask] of days) {
    const bits = activity.months.get(month)
    if (bits === undefined) continue
    const skip = sinceHour - hourOf(monthStartMs(month))
    for (let day = 0; day < 31; day++) {
      if (((mask >>> day) & 1) === 0) continue
      const ofDay = hoursOfDay(bits, day)
      const skipped = skip - day * 24
      n += popcount(skipped <= 0 ? ofDay : skipped >= 24 ? 0 : ofDay >>> skipped)
    }
  }
  return n
}

/** The 24 bits of one day of a month, the first hour lowest. */
function hoursOfDay(bits: Uint32Array, day: number): number {
  const at = day * 24
  const low = (bits[at >> 5] ?? 0) >>> (at & 31)
  const high = (at & 31) > 8 ? (bits[(at >> 5) + 1] ?? 0) << (32 - (at & 31)) : 0
  return (low | high) & 0xffffff
}

/** Days since 1970 on which the token worked, ascending. */
export function activeDays(activity: Activity): number[] {
  const days = new Set<number>()
  for (const [month, bits] of activity.months) {
    const start = hourOf(monthStartMs(month))
    for (let hour = 0; hour < 744; hour++) {
      if (((bits[hour >> 5] ?? 0) >>> (hour & 31)) & 1) days.add(Math.floor((start + hour) / 24))
    }
  }
  return [...days].sort((a, b) => a - b)
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
  for (const [month, bits] of activity.months) {
    const startDay = dayOf(monthStartMs(month))
    for (let at = 0; at < 31; at++) {
      const ofDay = hoursOfDay(bits, at)
      if (ofDay === 0 || startDay + at >= day) continue
      first = Math.min(first, startDay + at)
      const kind = worked[isWeekendDay(startDay + at) ? 'weekend' : 'workday']
      for (let hour = 0; hour < 24; hour++) {
        if (((ofDay >>> hour) & 1) === 0) continue
        worked.all.hours[hour] = (worked.all.hours[hour] as number) + 1
        kind.hours[hour] = (kind.hours[hour] as number) + 1
      }
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
  for (const known of activity.months.keys()) if (known < month) activity.months.delete(known)
  const first = hourOf(nowMs) - HOURS_KEPT
  let drop = 0
  while (drop < activity.hours.length && (activity.hours[drop] as HourCounts).hour < first) drop++
  if (drop > 0) activity.hours.splice(0, drop)
  return drop > 0
}

/** Drops the hours before a time, which is the start of one. Returns whether an hour went. */
export function forgetActivity(activity: Activity, beforeMs: number): boolean {
  const first = hourOf(beforeMs)
  for (const [month, bits] of activity.months) {
    const gone = first - hourOf(monthStartMs(month))
    for (let i = 0; i < bits.length; i++) {
      const inWord = gone - i * 32
      if (inWord >= 32) bits[i] = 0
      else if (inWord > 0) bits[i] = (bits[i] as number) & (-1 << inWord)
    }
    if (bits.every((word) => word === 0)) activity.months.delete(month)
  }
  const { length } = activity.hours
  activity.hours = activity.hours.filter(({ hour }) => hour >= first)
  return activity.hours.length < length
}

/**
 * The hours that a fit for `hour` may rest on: those before it, at most four weeks, in which calls were learned. Calls in
 * quarantine count once they are `adoptAfterMs` old: were they never to, a token that does more than it used to would be
 * judged by its quiet hours alone, and be found again every day.
 */
export function hoursBefore(activity: Activity, hour: number, adoptAfterMs: number): HourCounts[] {
  const adopted = hour - adoptAfterMs / HOUR_MS
  const past: HourCounts[] = []
  for (const counts of activity.hours) {
    if (counts.hour >= hour) break
    if (counts.hour < hour - HOURS_KEPT) continue
    const isAdopted = counts.held > 0 && counts.hour <= adopted
    const learned = isAdopted ? counts.learned + counts.held : counts.learned
    if (learned > 0) past.push(isAdopted ? { ...counts, learned, held: 0 } : counts)
  }
  return past
}
