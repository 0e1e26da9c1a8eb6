/**
 * How far a token's last 24 hours fall short of what the same weekday of two weeks lets expect, against how far its days
 * before strayed from theirs.
 *
 * The logarithms of such ratios are taken for normal, of unknown mean and variance: the next one then follows Student's t
 * (Gelman et al., 2013, Bayesian Data Analysis, section 3.2), so that few days, or restless ones, are surprised by little.
 */
import { daySums, forecastOf } from './days.ts'
import type { TokenProfile } from './profile.ts'

/** Fewer ratios tell nothing of how days stray. */
const RATIOS_MIN = 6
/** What the variance of a ratio's logarithm is taken to be before any is known, and how many ratios that weighs as much as. */
const VARIANCE_PRIOR = 0.2
const PRIOR_RATIOS = 3
/** Added to both counts of a ratio: a handful of calls says little. */
const CALLS_PRIOR = 5

export interface Shortage {
  readonly calls: number
  readonly expected: number
  /** How many standard deviations the ratio lies below those before, of which there are `ratios`. */
  readonly t: number
  readonly ratios: number
  readonly freedom: number
}

/**
 * @param hour the last of the 24, which is over.
 * @param surge how far the token's peers stand above or below their own day; below 1 less is expected.
 */
export function shortageOfDay(profile: TokenProfile, hour: number, surge: number): Shortage | undefined {
  const sums = daySums(profile.activity.hours, hour)
  const calls = sums[0] as number
  const forecast = forecastOf(sums, 0)
  if (forecast === undefined) return undefined
  const expected = forecast * Math.min(1, surge)
  if (calls >= expected) return undefined
  const ratios: number[] = []
  for (let day = 1; day < sums.length; day++) {
    const ofDay = forecastOf(sums, day)
    if (ofDay !== undefined) ratios.push(logRatio(sums[day] as number, ofDay))
  }
  const n = ratios.length
  if (n < RATIOS_MIN) return undefined
  const freedom = n + PRIOR_RATIOS - 1
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / (n + PRIOR_RATIOS)
  const squares = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, VARIANCE_PRIOR * PRIOR_RATIOS)
  // Growth is no reason to expect more than the forecast; decline is one to expect less. What chance brings comes on top.
  const variance = (squares / freedom) * (1 + 1 / n) + 1 / (calls + CALLS_PRIOR)
  const t = (Math.min(0, mean) - logRatio(calls, expected)) / Math.sqrt(variance)
  return { calls, expected, t, ratios: n, freedom }
}

function logRatio(calls: number, expected: number): number {
  return Math.log((calls + CALLS_PRIOR) / (expected + CALLS_PRIOR))
}
