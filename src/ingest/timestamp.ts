/** When a call happened, from whatever notation its producer uses. */
import type { EventTimeMs } from '../event.ts'

/** Beyond this the tables cannot hold a time safely. */
const STORABLE_MAX_MS = Date.UTC(2200, 0, 1)
const YEAR_10000_MS = Date.UTC(10_000, 0, 1)

const NUMERIC = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/
/** Seconds, a fraction of 32 digits and an offset. */
const RFC_3339_CHARS_MAX = 58
const SPACE = 32
const PLUS = 43
const COMMA = 44
const DASH = 45
const DOT = 46
const ZERO = 48
const COLON = 58
const UPPER_T = 84
const UPPER_Z = 90
const LOWER_T = 116
const LOWER_Z = 122

/**
 * Milliseconds since 1970, cut to whole ones; undefined for what is no time. Epoch numbers are told apart by
 * magnitude: below 1e11 seconds (the year 5138), below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
 * RFC 3339 text needs its offset: local time of an unknown place is no time.
 */
export function parseTimestamp(value: number | string): number | undefined {
  if (typeof value === 'number') return epochMs(value)
  const ms = rfc3339Ms(value)
  if (ms !== undefined) return ms
  const text = value.trim()
  if (NUMERIC.test(text)) return epochMs(Number(text))
  return text.length < value.length ? rfc3339Ms(text) : undefined
}

function epochMs(epoch: number): number | undefined {
  if (!(epoch >= 0)) return undefined
  const ms = epoch < 1e11 ? epoch * 1000 : epoch < 1e14 ? epoch : epoch < 1e17 ? epoch / 1000 : epoch / 1e6
  // A fraction such as .123 s is a hair below its millisecond in binary; half a microsecond makes up for it.
  return ms < YEAR_10000_MS ? Math.floor(ms + 0.0005) : undefined
}

/** Reads `2026-03-01T12:00:00.123Z` by character codes, which costs a tenth of what a regular expression does. */
function rfc3339Ms(text: string): number | undefined {
  const isDated = text.charCodeAt(4) === DASH && text.charCodeAt(7) === DASH
  if (!isDated || text.length < 20 || text.length > RFC_3339_CHARS_MAX) return undefined
  const separator = text.charCodeAt(10)
  if (separator !== UPPER_T && separator !== LOWER_T && separator !== SPACE) return undefined
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return undefined
  const midnightMs = utcDayMs(twoDigits(text, 0) * 100 + twoDigits(text, 2), twoDigits(text, 5), twoDigits(text, 8))
  const h = twoDigits(text, 11)
  const m = twoDigits(text, 14)
  const s = twoDigits(text, 17)
  // RFC 3339 allows a leap second; it becomes the first of the next minute.
  if (midnightMs === undefined || !(h <= 23 && m <= 59 && s <= 60)) return undefined
  let at = 19
  let ms = 0
  const point = text.charCodeAt(at)
  if (point === DOT || point === COMMA) {
    const first = ++at
    for (let weight = 100; isDigit(text.charCodeAt(at)); weight = Math.floor(weight / 10))
      ms += (text.charCodeAt(at++) - ZERO) * weight
    if (at === first || at > first + 32) return undefined
  }
  const offsetMinutes = offsetMinutesOf(text, at)
  return offsetMinutes === undefined
    ? undefined
    : midnightMs + ((h * 60 + m) * 60 + s) * 1000 + ms - offsetMinutes * 60_000
}

/** Of `Z`, `+02:00` or `-0530` at the end of the text. */
function offsetMinutesOf(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at)
  if (sign === UPPER_Z || sign === LOWER_Z) return text.length === at + 1 ? 0 : undefined
  if (sign !== PLUS && sign !== DASH) return undefined
  const minutesAt = text.charCodeAt(at + 3) === COLON ? at + 4 : at + 3
  const hours = twoDigits(text, at + 1)
  const minutes = twoDigits(text, minutesAt)
  if (text.length !== minutesAt + 2 || !(hours <= 23 && minutes <= 59)) return undefined
  return (hours * 60 + minutes) * (sign === DASH ? -1 : 1)
}

/** NaN for what is no two digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at)
  const ones = text.charCodeAt(at + 1)
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + ones - ZERO : Number.NaN
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9
}

const DAY_MS = 86_400_000
const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const DAYS_OF_400_YEARS = 146_097
/** From the 1st of March of the year 0 to the epoch. */
const DAYS_TO_EPOCH = 719_468

/**
 * undefined for a day that no month has, and for the years 0 to 99, which are somebody's short form. Years are counted
 * from March, so that the leap day is their last (Howard Hinnant, "chrono-compatible low-level date algorithms").
 */
function utcDayMs(year: number, month: number, day: number): number | undefined {
  if (!(year >= 100 && month >= 1 && month <= 12 && day >= 1)) return undefined
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (!(day <= (DAYS_OF_MONTHS[month - 1] as number) + (month === 2 && isLeap ? 1 : 0))) return undefined
  const marchYear = month > 2 ? year : year - 1
  const ofEra = marchYear % 400
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const days = ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear
  return (Math.floor(marchYear / 400) * DAYS_OF_400_YEARS + days - DAYS_TO_EPOCH) * DAY_MS
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
