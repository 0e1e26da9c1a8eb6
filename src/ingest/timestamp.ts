/** When a call happened, from whatever notation its producer uses. */
import type { EventTimeMs } from '../event.ts'

/** Beyond this the tables cannot hold a time safely. */
const STORABLE_MAX_MS = Date.UTC(2200, 0, 1)
const YEAR_10000_MS = Date.UTC(10_000, 0, 1)

const NUMERIC = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/
const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,32}))?(?:([Zz])|([+-])(\d\d):?(\d\d))$/

/**
 * Milliseconds since 1970, cut to whole ones; undefined for what is no time. Epoch numbers are told apart by
 * magnitude: below 1e11 seconds (the year 5138), below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
 * RFC 3339 text needs its offset: local time of an unknown place is no time.
 */
export function parseTimestamp(value: number | string): number | undefined {
  if (typeof value === 'number') return epochMs(value)
  const text = value.trim()
  if (NUMERIC.test(text)) return epochMs(Number(text))
  return rfc3339Ms(text)
}

function epochMs(epoch: number): number | undefined {
  if (!(epoch >= 0)) return undefined
  const ms = epoch < 1e11 ? epoch * 1000 : epoch < 1e14 ? epoch : epoch < 1e17 ? epoch / 1000 : epoch / 1e6
  // A fraction such as .123 s is a hair below its millisecond in binary; half a microsecond makes up for it.
  return ms < YEAR_10000_MS ? Math.floor(ms + 0.0005) : undefined
}

function rfc3339Ms(text: string): number | undefined {
  const match = RFC_3339.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction, , sign, offsetHours, offsetMinutes] = match
  const h = Number(hour)
  const m = Number(minute)
  const s = Number(second)
  // RFC 3339 allows a leap second; it becomes the first of the next minute.
  if (h > 23 || m > 59 || s > 60) return undefined
  const midnightMs = utcDayMs(Number(year), Number(month), Number(day))
  if (midnightMs === undefined) return undefined
  const ms = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'))
  let offsetMs = 0
  if (sign !== undefined) {
    if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return undefined
    offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1)
  }
  return midnightMs + ((h * 60 + m) * 60 + s) * 1000 + ms - offsetMs
}

/** undefined for a day that no month has. `Date.UTC` would take the years 0 to 99 for 1900 to 1999. */
function utcDayMs(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31 || year < 100) return undefined
  const ms = Date.UTC(year, month - 1, day)
  return day > 28 && new Date(ms).getUTCDate() !== day ? undefined : ms
}

/** How far from its arrival an event may lie. */
export interface TimeBounds {
  readonly earliestMs: number
  readonly latestMs: number
}

/** Judges a parsed time. Without bounds (a replay) only what cannot be stored is refused. */
export function judgeTime(
  timeMs: number,
  bounds: TimeBounds | undefined,
): EventTimeMs | 'impossible-time' | 'time-in-future' | 'time-in-past' {
  if (bounds && timeMs > bounds.latestMs) return 'time-in-future'
  if (bounds && timeMs < bounds.earliestMs) return 'time-in-past'
  return timeMs >= 0 && timeMs < STORABLE_MAX_MS ? (timeMs as EventTimeMs) : 'impossible-time'
}
