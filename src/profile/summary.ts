/** A profile as a person can read it: its values with their times, its week, its counts, and what is in quarantine. */
import { quantileSorted } from 'simple-statistics'
import { activeDays, activeHours, workedDays } from './activity.ts'
import { type HourCounts, allHours } from './hours.ts'
import { dayOf, popcount } from './calendar.ts'
import { DIMENSIONS, type Dimension } from './dimension.ts'
import type { TokenProfile } from './profile.ts'
import { type ValueEntry, type ValueTable, chainsOf, entriesOf, sizeOf } from './values.ts'

export interface ValueSummary {
  /** Levels of the chain, topmost first. */
  readonly levels: readonly string[]
  /** 0 when it lies before the window. */
  readonly firstMs: number
  readonly lastMs: number
  /** On which it was seen, within the window. */
  readonly days: number
}

export interface HeldSummary extends ValueSummary {
  readonly dimension: Dimension
  /** From when on it counts as known, if no finding comes for the gap between incidents. */
  readonly adoptedFromMs: number
}

export interface ProfileSummary {
  /** Time of the latest call of its own, 0 for none. */
  readonly latestMs: number
  readonly activeHours: number
  readonly activeDays: number
  readonly firstDayMs: number
  /** Weeks that it was known in, begun ones included, and in how many of them each hour of the week was active. */
  readonly weeks: number
  readonly hoursOfWeek: readonly number[]
  /** Of the last four weeks. Quantiles over hours with calls. */
  readonly hours: {
    readonly active: number
    readonly calls: number
    readonly median: number
    readonly p98: number
    readonly most: number
    /** Refused (401, 403, 404) and rate-limited (429), of how many. */
    readonly refused: number
    readonly limited: number
    readonly tried: number
  }
  /** Dimensions that hold as many values as they may: what was seen before their oldest is forgotten. */
  readonly truncated: readonly Dimension[]
  /** Values in quarantine that are not known otherwise. */
  readonly held: readonly HeldSummary[]
}

export function summarise(profile: TokenProfile): ProfileSummary {
  const { activity, settings } = profile
  const days = activeDays(activity)
  const week = weekOf(profile)
  return {
    latestMs: profile.nowMs,
    activeHours: activeHours(activity),
    activeDays: days.length,
    firstDayMs: (days[0] ?? 0) * 86_400_000,
    ...week,
    hours: hoursOf(profile),
    truncated: DIMENSIONS.filter((dimension) => sizeOf(profile.learned[dimension]) >= settings.valuesMax),
    held: DIMENSIONS.flatMap((dimension) => {
      const learned = new Set(chainsOf(profile.learned[dimension]))
      return [...entriesOf(profile.held[dimension])]
        .filter(([value]) => !learned.has(value))
        .map(([value, entry]) => ({
          dimension,
          ...summaryOf(value.split('|'), [entry]),
          adoptedFromMs: entry.enteredAtMs + settings.adoptAfterMs,
        }))
    }),
  }
}

/** The distinct values of a chain down to a level, the latest seen first. */
export function valuesAt(table: ValueTable, level: number): ValueSummary[] {
  const groups = Map.groupBy(entriesOf(table), ([value]) =>
    value
      .split('|')
      .slice(0, level + 1)
      .join('|'),
  )
  return [...groups]
    .map(([prefix, members]) =>
      summaryOf(
        prefix.split('|'),
        members.map(([, entry]) => entry),
      ),
    )
    .sort((a, b) => b.lastMs - a.lastMs || (a.levels.join('|') < b.levels.join('|') ? -1 : 1))
}

function summaryOf(levels: readonly string[], entries: readonly ValueEntry[]): ValueSummary {
  const days = new Map<number, number>()
  for (const entry of entries) {
    for (let at = 0; at < entry.days.length; at += 2) {
      const month = entry.days[at] as number
      days.set(month, (days.get(month) ?? 0) | (entry.days[at + 1] as number))
    }
  }
  return {
    levels,
    firstMs: Math.min(...entries.map(({ enteredAtMs }) => enteredAtMs)),
    lastMs: Math.max(...entries.map(({ lastMs }) => lastMs)),
    days: [...days.values()].reduce((sum, mask) => sum + popcount(mask), 0),
  }
}

/** Hour 0 is Monday 00:00 UTC; day 0 since 1970 was a Thursday. */
function weekOf({ activity, nowMs }: TokenProfile): Pick<ProfileSummary, 'weeks' | 'hoursOfWeek'> {
  const hoursOfWeek = Array.from({ length: 168 }, () => 0)
  const weeks = new Set<number>()
  for (const { day, hours } of workedDays(activity)) {
    for (let hour = 0; hour < 24; hour++) {
      if (((hours >>> hour) & 1) === 0) continue
      const ofWeek = day * 24 + hour + 72
      weeks.add(Math.floor(ofWeek / 168))
      hoursOfWeek[ofWeek % 168] = (hoursOfWeek[ofWeek % 168] as number) + 1
    }
  }
  const last = Math.floor((dayOf(nowMs) + 3) / 7)
  return { weeks: weeks.size === 0 ? 0 : last - Math.min(...weeks) + 1, hoursOfWeek }
}

function hoursOf({ activity }: TokenProfile): ProfileSummary['hours'] {
  const hours = allHours(activity.hours)
  const calls = hours
    .map(({ learned }) => learned)
    .filter((learned) => learned > 0)
    .sort((a, b) => a - b)
  const sum = (of: (counts: HourCounts) => number) => hours.reduce((total, counts) => total + of(counts), 0)
  return {
    active: calls.length,
    calls: sum(({ learned }) => learned),
    median: calls.length === 0 ? 0 : quantileSorted(calls, 0.5),
    p98: calls.length === 0 ? 0 : quantileSorted(calls, 0.98),
    most: calls.at(-1) ?? 0,
    refused: sum(({ refused }) => refused),
    limited: sum(({ limited }) => limited),
    tried: sum(({ learned, held, unauthenticated }) => learned + held + unauthenticated),
  }
}
