/** Event time cut into the buckets that profiles are made of: hours, days and months, all in UTC. */
import { DAY_MS, HOUR_MS } from '../settings.ts'

/** Months that a fold looks back on, beside the month it is in. */
export const MONTHS_BACK = 6
/** How far back hourly counts are kept: four weeks, so that each hour of the week was met four times. */
export const HOURS_KEPT = 28 * 24

/** Whole hours since 1970. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS)
}

/** Whole days since 1970. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS)
}

/** Months since 1970, by the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms"). */
export function monthOf(timeMs: number): number {
  const shifted = dayOf(timeMs) + 719_468
  const dayOfEra = shifted % 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  return (yearOfEra + 400 * Math.floor(shifted / 146_097) - 1970) * 12 + 2 + monthFromMarch
}

/** First millisecond of a month since 1970. */
export function monthStartMs(month: number): number {
  return Date.UTC(1970, month, 1)
}

/** The day's bit in a month's mask: bit 0 is the first of the month, as `groupBitOr` in the rollups has it. */
export function dayBit(timeMs: number): number {
  return 1 << (dayOf(timeMs) - dayOf(monthStartMs(monthOf(timeMs))))
}

export function popcount(bits: number): number {
  let n = bits >>> 0
  n -= (n >>> 1) & 0x55555555
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return (((n + (n >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}
