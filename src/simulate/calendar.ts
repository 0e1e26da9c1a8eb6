/** When people and machines are at work: local hours, weekdays and the daily shape of load. */
import { DAY_MS, HOUR_MS } from '../settings.ts'

export interface Zone {
  /** Hours ahead of UTC in winter. */
  readonly offsetHours: number
  /** Whether clocks go forward by the European rule. */
  readonly european: boolean
}

export const ZONES = {
  london: { offsetHours: 0, european: true },
  berlin: { offsetHours: 1, european: true },
  newYork: { offsetHours: -4, european: false },
  denver: { offsetHours: -6, european: false },
  delhi: { offsetHours: 5, european: false },
  tokyo: { offsetHours: 9, european: false },
} as const satisfies Record<string, Zone>

/** Milliseconds of the zone's wall clock, as if it were UTC. */
export function localMs(zone: Zone, timeMs: number): number {
  return timeMs + (zone.offsetHours + (zone.european && isEuropeanSummer(timeMs) ? 1 : 0)) * HOUR_MS
}

export function hourOfDay(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS) % 24
}

export function isWeekend(timeMs: number): boolean {
  const day = new Date(timeMs).getUTCDay()
  return day === 0 || day === 6
}

/** Load of an interactive service over the day, with mean 1: lowest at four, highest in the afternoon. */
export function dailyShape(localTimeMs: number, amplitude: number): number {
  return 1 + amplitude * Math.cos(((hourOfDay(localTimeMs) - 15) / 24) * 2 * Math.PI)
}

/** Share of a working day's activity that falls into the hour; 0 at night and on weekends. */
export function workingShape(localTimeMs: number): number {
  if (isWeekend(localTimeMs)) return 0
  return WORKING_HOURS[hourOfDay(localTimeMs)] ?? 0
}

/** Use of an application by a private person: morning, lunch, evening; a little more on weekends. */
export function leisureShape(localTimeMs: number): number {
  return (LEISURE_HOURS[hourOfDay(localTimeMs)] ?? 0) * (isWeekend(localTimeMs) ? 1.2 : 0.95)
}

/** Last day of its month, or the first of the next: when books are closed. */
export function isMonthEnd(timeMs: number): boolean {
  const tomorrow = new Date(timeMs + DAY_MS).getUTCDate()
  return tomorrow === 1 || tomorrow === 2
}

const WORKING_HOURS = [
  0, 0, 0, 0, 0, 0, 0, 0.01, 0.06, 0.12, 0.14, 0.12, 0.06, 0.09, 0.13, 0.12, 0.09, 0.05, 0.01, 0, 0, 0, 0, 0,
]
const LEISURE_HOURS = [
  0.005, 0, 0, 0, 0, 0.005, 0.03, 0.07, 0.06, 0.03, 0.03, 0.04, 0.07, 0.05, 0.03, 0.03, 0.04, 0.07, 0.09, 0.1, 0.11,
  0.09, 0.04, 0.01,
]

/** From the last Sunday of March to the last Sunday of October, 01:00 UTC. */
function isEuropeanSummer(timeMs: number): boolean {
  const year = new Date(timeMs).getUTCFullYear()
  return timeMs >= lastSunday(year, 2) && timeMs < lastSunday(year, 9)
}

function lastSunday(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month, 31, 1))
  return last.getTime() - last.getUTCDay() * DAY_MS
}
