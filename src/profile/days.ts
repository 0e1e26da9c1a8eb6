/**
 * How much a token is expected to do in the 24 hours that end with an hour, forecast from the same weekday one and two
 * weeks before, so that a ramp of some days does not explain itself.
 *
 * The ratio of each past day to its own forecast says how such forecasts fail: its mean is the token's growth, its
 * variance the spread, r = 1 / variance the shape of a negative binomial (a gamma-mixed Poisson).
 */
import { type HourTable, callsAt, hourAt, hoursIn, placeOf } from './hours.ts'
import type { TokenProfile } from './profile.ts'
import type { RateFit } from './rate.ts'

/** Days that are looked back on. */
const DAYS = 28
/** Fewer ratios tell nothing of how forecasts fail. */
const RATIOS_MIN = 5
/** What the variance of a ratio is taken to be before any is known, and how many ratios that weighs as much as. */
const VARIANCE_PRIOR = 0.25
const PRIOR_RATIOS = 3
/** A day above this many times its forecast teaches no more than that: a past attack is no excuse for the next. */
const RATIO_MAX = 3

/** Undefined while there are too few days. Its observations are ratios, for so many can vouch. */
export function expectedOfDay(profile: TokenProfile, hour: number): RateFit | undefined {
  const sums = daySums(profile.activity.hours, hour)
  const forecast = forecastOf(sums, 0)
  if (forecast === undefined || forecast === 0) return undefined
  const ratios: number[] = []
  for (let day = 1; day < DAYS; day++) {
    const of = forecastOf(sums, day)
    if (of !== undefined && of > 0) ratios.push(Math.min(RATIO_MAX, (sums[day] as number) / of))
  }
  if (ratios.length < RATIOS_MIN) return undefined
  const growth = ratios.reduce((sum, ratio) => sum + ratio, 1) / (ratios.length + 1)
  const spread = ratios.reduce((sum, ratio) => sum + (ratio - growth) ** 2, VARIANCE_PRIOR * PRIOR_RATIOS)
  const mean = forecast * Math.max(1, growth)
  const shape = (growth * growth * (ratios.length + PRIOR_RATIOS)) / spread
  const before = (sums[0] as number) - callsOf(profile, hour)
  return {
    mean,
    upperMean: mean,
    upperShape: shape,
    lowerMean: mean,
    lowerShape: shape,
    before,
    observations: ratios.length,
  }
}

/** Calls of the 24 hours that end with `hour`, and of those one day, two days, ... before. NaN before the first hour. */
export function daySums(hours: HourTable, hour: number): Float64Array {
  const sums = new Float64Array(DAYS)
  for (let at = 0; at < hoursIn(hours); at++) {
    const day = Math.floor((hour - (hourAt(hours, at) as number)) / 24)
    if (day >= 0 && day < DAYS) sums[day] = (sums[day] as number) + callsAt(hours, at)
  }
  const known = Math.floor((hour - (hourAt(hours, 0) ?? hour)) / 24)
  for (let day = known; day < DAYS; day++) sums[day] = Number.NaN
  return sums
}

/** Mean of the same weekday one and two weeks before; of one alone where there is no other. */
export function forecastOf(sums: Float64Array, day: number): number | undefined {
  const last = sums[day + 7] ?? Number.NaN
  const before = sums[day + 14] ?? Number.NaN
  if (Number.isNaN(last)) return undefined
  return Number.isNaN(before) ? last : (last + before) / 2
}

function callsOf({ activity: { hours } }: TokenProfile, hour: number): number {
  const at = placeOf(hours, hour)
  return at < 0 ? 0 : callsAt(hours, at)
}
