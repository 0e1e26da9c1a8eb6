/** Shapes of load over time: when machines and people call, before noise and before what happens to everybody. */
import { DAY_MS, HOUR_MS } from '../../settings.ts'
import type { Random } from '../random.ts'
import { hourOf, isWeekend, localMs, weekdayOf, type Zone } from './calendar.ts'

/** Relative load of an hour. Pure, and in any unit: a client scales it to its own volume. */
export type Load = (hourMs: number) => number

/** A service that is always on: a wave over the day, less on weekends or more. */
export function wave(random: Random, zone: Zone): Load {
  const amplitude = random.between(0, 0.95)
  const peak = random.between(10, 21)
  const weekend = random.between(0.3, 1.2)
  return (hourMs) => {
    const local = localMs(zone, hourMs)
    return (1 + amplitude * Math.cos(((hourOf(local) - peak) / 24) * 2 * Math.PI)) * (isWeekend(local) ? weekend : 1)
  }
}

/** Working hours of one person or of a business: begin, end, a lunch break, some evenings, some weekends. */
export function office(random: Random, zone: Zone): Load {
  const begin = random.between(6.5, 10)
  const end = begin + random.between(7, 10)
  const lunch = random.between(11.5, 13.5)
  const evening = random.chance(0.3) ? random.between(0.02, 0.2) : 0
  const weekend = random.chance(0.2) ? random.between(0.02, 0.15) : 0
  const freeDay = random.chance(0.15) ? 1 + random.int(5) : -1
  return (hourMs) => {
    const local = localMs(zone, hourMs)
    const hour = hourOf(local) + 0.5
    const off = weekdayOf(local) === freeDay
    const working = Math.max(0, Math.min(1, hour - begin + 0.5)) * Math.max(0, Math.min(1, end - hour + 0.5))
    const level = working * (Math.abs(hour - lunch) < 0.6 ? 0.45 : 1) + (hour > 19 && hour < 23 ? evening : 0)
    return isWeekend(local) || off ? level * weekend : level
  }
}

/** A private person: morning, lunch, evening, with a chronotype of their own. */
export function leisure(random: Random, zone: Zone): Load {
  const shift = random.between(-2, 3)
  const weekend = random.between(0.8, 1.6)
  const night = random.chance(0.2) ? random.between(0.01, 0.08) : 0
  const bump = (hour: number, at: number, width: number) => Math.exp(-(((hour - at) / width) ** 2))
  return (hourMs) => {
    const local = localMs(zone, hourMs)
    const hour = (hourOf(local) + 0.5 - shift + 24) % 24
    const level = 0.5 * bump(hour, 7.5, 1.2) + 0.5 * bump(hour, 12.5, 1.5) + bump(hour, 20, 2.6) + night
    return (level < 0.01 ? 0 : level) * (isWeekend(local) ? weekend : 1)
  }
}

/** A run that begins at a fixed hour on some weekdays and lasts some hours; by local time or by UTC. */
export function nightly(zone: Zone | undefined, hour: number, hours: number, weekdays: readonly number[]): Load {
  return (hourMs) => {
    const local = zone === undefined ? hourMs : localMs(zone, hourMs)
    const since = (hourOf(local) - hour + 24) % 24
    return since < hours && weekdays.includes(weekdayOf(local - since * HOUR_MS)) ? 1 : 0
  }
}

/** A little all the time. */
export const constantly: Load = () => 1

export const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]
export const WORKING_DAYS = [1, 2, 3, 4, 5]

/** Growth or decline by a factor over the whole time. */
export function trend(startMs: number, days: number, factor: number): Load {
  return (hourMs) => factor ** ((hourMs - startMs) / (days * DAY_MS))
}

/** 1 from `fromMs` until `untilMs`, else 0. */
export function during(fromMs: number, untilMs: number): Load {
  return (hourMs) => (hourMs >= fromMs && hourMs < untilMs ? 1 : 0)
}

export function times(...loads: readonly Load[]): Load {
  return (hourMs) => loads.reduce((product, load) => product * load(hourMs), 1)
}

export function plus(...loads: readonly Load[]): Load {
  return (hourMs) => loads.reduce((sum, load) => sum + load(hourMs), 0)
}

/** Days on which nobody is there: illness, leave. A fixed set drawn once. */
export function absences(random: Random, zone: Zone, startMs: number, days: number): Load {
  const firstDay = Math.floor(startMs / DAY_MS)
  const off = new Set(Array.from({ length: random.poisson(days / 25) }, () => firstDay + random.int(days)))
  if (random.chance(0.15)) {
    const leave = firstDay + random.int(days)
    for (let day = 0; day < 4 + random.int(12); day++) off.add(leave + day)
  }
  return (hourMs) => (off.has(Math.floor(localMs(zone, hourMs) / DAY_MS)) ? 0 : 1)
}
