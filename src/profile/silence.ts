/** How much a token has left undone since its latest call, against all its pauses of four weeks. */
import { type HourCounts, allHours } from './hours.ts'
import type { TokenProfile } from './profile.ts'
import { createForecaster, emptyBucket } from './rate/forecast.ts'

const WEEK_HOURS = 7 * 24
/** Of a longer silence no more is counted: people are away for a week, and what is down for one was missed by then. */
const COUNTED_HOURS_MAX = 72
/** Before two weeks are known, no pause can be told from a weekend. */
const KNOWN_HOURS_MIN = 2 * WEEK_HOURS

export interface Silence {
  /** Whole hours without a call. */
  readonly hours: number
  /** Calls that the token's rhythm let expect of the first three days of them, at the least, as it stood when it began. */
  readonly missed: number
  /** The same of the pause before in which the most was missed. */
  readonly longest: number
  /** What it rests on. */
  readonly knownDays: number
  readonly activeHours: number
}

/**
 * The silence that ends with a call in `hour`, from the token's hours before. Undefined where there is none, in the first
 * two weeks, or where the token was as quiet at the same hours a week before: nights, weekends and the weeks between two
 * batches cost nothing.
 */
export function silenceBefore(profile: TokenProfile, hour: number): Silence | undefined {
  const active = allHours(profile.activity.hours).filter((counts) => counts.hour < hour && callsOf(counts) > 0)
  const first = active[0]?.hour
  const last = active.at(-1)?.hour
  if (first === undefined || last === undefined || hour - last < 2) return undefined
  if (hour - first < KNOWN_HOURS_MIN) return undefined
  const wasBusy = active.some((of) => of.hour + WEEK_HOURS > last && of.hour + WEEK_HOURS < hour)
  if (!wasBusy) return undefined

  const forecaster = createForecaster(24)
  const bucket = emptyBucket()
  let at = first
  let longest = 0
  for (const counts of active) {
    longest = Math.max(longest, missedUntil(counts.hour))
    while (at < counts.hour) learn(0)
    learn(callsOf(counts))
  }
  const missed = missedUntil(hour)
  return { hours: hour - last - 1, missed, longest, knownDays: (hour - first) / 24, activeHours: active.length }

  function missedUntil(end: number): number {
    let sum = 0
    for (let empty = at; empty < Math.min(end, at + COUNTED_HOURS_MAX); empty++) {
      forecaster.forecast(empty, bucket)
      sum += Math.max(0, bucket.lower)
    }
    return sum
  }

  function learn(count: number): void {
    forecaster.forecast(at++, bucket)
    bucket.count = count
    forecaster.learn(bucket)
  }
}

function callsOf({ learned, held }: HourCounts): number {
  return learned + held
}
