/** How many calls an hour are normal for a token, fitted to its own last four weeks, robust to past spikes. */
import { medianSorted, quantileSorted } from 'simple-statistics'
import { type HourCounts, hoursBefore } from './activity.ts'
import { hourOf } from './calendar.ts'
import { negativeBinomialTailBits } from './tails.ts'
import type { TokenProfile } from './profile.ts'

const WEEK_HOURS = 7 * 24
/** Counts above this share of the token's hours are cut to it, so that a past spike does not excuse the next. */
const WINSOR_SHARE = 0.98

export interface FrequencyFit {
  /** Active hours that it was fitted to. */
  readonly hours: number
  /** Expected calls in an active hour of this time of the week. */
  readonly mean: number
  /** Shape r of the negative binomial: variance = mean + mean^2 / r. */
  readonly shape: number
  readonly median: number
  readonly p98: number
}

/** The fit for one hour, from the learned hours before it; undefined without any. */
export function fitFrequency(profile: TokenProfile, hour: number): FrequencyFit | undefined {
  const past = hoursBefore(profile.activity, hour, profile.settings.adoptAfterMs)
  if (past.length === 0) return undefined
  const sorted = past.map((counts) => counts.learned).sort((a, b) => a - b)
  const p98 = quantileSorted(sorted, WINSOR_SHARE)
  const cut = past.map((counts) => Math.min(counts.learned, p98))
  const mean = cut.reduce((sum, count) => sum + count, 0) / cut.length
  const variance = cut.reduce((sum, count) => sum + (count - mean) ** 2, 0) / cut.length
  const own = (mean * mean) / Math.max(variance - mean, mean * mean * 0.01)
  return {
    hours: past.length,
    // The larger of the two, since a spike is what neither the token's level nor this time of the week explains.
    mean: Math.max(mean, shapedMean(past, hour, p98)),
    // A gamma prior on the rate gains one unit of shape with each hour; half of it allows for hours that depend.
    shape: Math.min(own, past.length / 2),
    median: medianSorted(sorted),
    p98,
  }
}

/** Mean of the hours at this time of the day on past days, and at this time of the week, neighbours included. */
function shapedMean(past: readonly HourCounts[], hour: number, p98: number): number {
  const sums = { day: 0, dayHours: 0, week: 0, weekHours: 0 }
  for (const counts of past) {
    const dayDistance = distance(counts.hour - hour, 24)
    if (dayDistance > 1) continue
    const value = Math.min(counts.learned, p98)
    sums.day += value
    sums.dayHours++
    if (distance(counts.hour - hour, WEEK_HOURS) > 1) continue
    sums.week += value
    sums.weekHours++
  }
  return Math.max(
    sums.dayHours === 0 ? 0 : sums.day / sums.dayHours,
    sums.weekHours === 0 ? 0 : sums.week / sums.weekHours,
  )
}

function distance(hours: number, period: number): number {
  const rest = ((hours % period) + period) % period
  return Math.min(rest, period - rest)
}

/**
 * Bits of `calls` in one hour. Never more than twice log2(hours + 1): the rank among n past hours alone is worth
 * log2(n + 1), and beyond twice that the model would claim more than its data can carry.
 */
export function frequencyBits(fit: FrequencyFit, calls: number): number {
  return Math.min(negativeBinomialTailBits(calls, fit.mean, fit.shape), 2 * Math.log2(fit.hours + 1))
}

/** Calls of an hour so far, in quarantine or not. */
export function callsInHour(profile: TokenProfile, timeMs: number): number {
  const counts = findHour(profile, hourOf(timeMs))
  return counts === undefined ? 0 : counts.learned + counts.held
}

export function findHour(profile: TokenProfile, hour: number): HourCounts | undefined {
  const { hours } = profile.activity
  for (let at = hours.length - 1; at >= 0; at--) {
    const counts = hours[at] as HourCounts
    if (counts.hour === hour) return counts
    if (counts.hour < hour) return undefined
  }
  return undefined
}
