/** Clocks and working weeks of the countries that the evaluation's people and machines live in. */
import { DAY_MS, HOUR_MS } from '../../settings.ts'

export interface Zone {
  readonly winterOffsetHours: number
  readonly summer: 'european' | 'american' | 'australian' | 'none'
}

const zone = (winterOffsetHours: number, summer: Zone['summer'] = 'none'): Zone => ({ winterOffsetHours, summer })

/** Countries in which tenants sit. Large ones have several zones, of which a tenant has one. */
export const ZONES_BY_COUNTRY: Readonly<Record<string, readonly Zone[]>> = {
  US: [zone(-5, 'american'), zone(-5, 'american'), zone(-6, 'american'), zone(-8, 'american')],
  CA: [zone(-5, 'american'), zone(-8, 'american')],
  GB: [zone(0, 'european')],
  IE: [zone(0, 'european')],
  PT: [zone(0, 'european')],
  DE: [zone(1, 'european')],
  FR: [zone(1, 'european')],
  ES: [zone(1, 'european')],
  IT: [zone(1, 'european')],
  NL: [zone(1, 'european')],
  BE: [zone(1, 'european')],
  CH: [zone(1, 'european')],
  AT: [zone(1, 'european')],
  SE: [zone(1, 'european')],
  NO: [zone(1, 'european')],
  DK: [zone(1, 'european')],
  PL: [zone(1, 'european')],
  CZ: [zone(1, 'european')],
  FI: [zone(2, 'european')],
  IN: [zone(5.5)],
  SG: [zone(8)],
  JP: [zone(9)],
  AU: [zone(10, 'australian')],
  BR: [zone(-3)],
}

/** Milliseconds of the zone's wall clock, as if it were UTC. */
export function localMs({ winterOffsetHours, summer }: Zone, timeMs: number): number {
  const winterMs = timeMs + winterOffsetHours * HOUR_MS
  return isSummer(summer, timeMs, winterMs) ? winterMs + HOUR_MS : winterMs
}

export function hourOf(localTimeMs: number): number {
  return Math.floor(localTimeMs / HOUR_MS) % 24
}

/** Days since 1970, of local time when given local time. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS)
}

/** 0 is Sunday: the first of January 1970 was a Thursday. */
export function weekdayOf(timeMs: number): number {
  return (dayOf(timeMs) + 4) % 7
}

export function isWeekend(timeMs: number): boolean {
  const weekday = weekdayOf(timeMs)
  return weekday === 0 || weekday === 6
}

/** Days until the month ends: 0 on its last day. */
export function daysToMonthEnd(timeMs: number): number {
  const date = new Date(timeMs)
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate() - date.getUTCDate()
}

/** Europe changes at one moment, America at two in the morning by the local clock, Australia for southern summer. */
function isSummer(rule: Zone['summer'], timeMs: number, winterMs: number): boolean {
  if (rule === 'none') return false
  const year = new Date(timeMs).getUTCFullYear()
  if (rule === 'european')
    return timeMs >= nthSunday(year, 2, -1) + HOUR_MS && timeMs < nthSunday(year, 9, -1) + HOUR_MS
  if (rule === 'american')
    return winterMs >= nthSunday(year, 2, 2) + 2 * HOUR_MS && winterMs < nthSunday(year, 10, 1) + HOUR_MS
  return winterMs >= nthSunday(year, 9, 1) + 2 * HOUR_MS || winterMs < nthSunday(year, 3, 1) + 2 * HOUR_MS
}

const SUNDAYS = new Map<number, number>()

/** Midnight of the nth Sunday of a month, the last one for -1. Remembered: there are few, and they are asked for often. */
function nthSunday(year: number, month: number, nth: number): number {
  const key = (year * 12 + month) * 8 + nth
  const known = SUNDAYS.get(key)
  if (known !== undefined) return known
  const found =
    nth > 0 ? sundayFrom(Date.UTC(year, month, 1)) + (nth - 1) * 7 * DAY_MS : sundayFrom(Date.UTC(year, month + 1, -6))
  SUNDAYS.set(key, found)
  return found
}

function sundayFrom(midnightMs: number): number {
  return midnightMs + ((7 - weekdayOf(midnightMs)) % 7) * DAY_MS
}
