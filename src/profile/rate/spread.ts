/** How far counts stray from what was expected of them, above and below it, as shapes of a negative binomial. */

/** Days over which deviations are remembered. */
const SPREAD_DAYS = 14
/** What a count may teach beyond the expected range, in standard deviations. */
const ADMITTED_SD = 4
const SHAPE_MIN = 1e-4
const SHAPE_MAX = 10_000
const SHAPE_UNKNOWN = 1

export interface Spread {
  /** Shape r of a negative binomial of this mean, from what strayed above: variance = mean + mean^2 / r. */
  upperShape(mean: number): number
  /** The same from what strayed below. */
  lowerShape(mean: number): number
  /**
   * The count, cut to what it may teach: four standard deviations beyond the expected range, or the most that came on an
   * earlier day. So one spike teaches little, and what comes again is a habit.
   */
  admit(count: number, lower: number, upper: number): number
  learn(count: number, lower: number, upper: number): void
}

export function createSpread(perDay: number): Spread {
  let n = 0
  const above: Side = { squares: 0, powers: 0 }
  const below: Side = { squares: 0, powers: 0 }
  let mostToday = 0
  let mostBefore = 0

  const spread: Spread = {
    upperShape: (mean) => (n === 0 ? SHAPE_UNKNOWN : shapeOf(above, mean, (excess) => 1 / excess)),
    lowerShape: (mean) => (n === 0 ? SHAPE_UNKNOWN : shapeOf(below, mean, shapeFromBelow)),
    admit(count, lower, upper) {
      if (n % perDay === 0) {
        mostBefore = Math.max(mostBefore, mostToday)
        mostToday = 0
      }
      mostToday = Math.max(mostToday, count)
      if (count > upper) return Math.min(count, Math.max(mostBefore, upper + reach(upper, spread.upperShape(upper))))
      if (count < lower) return Math.max(count, lower - reach(lower, spread.lowerShape(lower)))
      return count
    },
    learn(count, lower, upper) {
      n++
      const keep = 1 - 1 / Math.min(SPREAD_DAYS * perDay, n)
      forget(above, keep)
      forget(below, keep)
      if (count > upper) stray(above, count - upper, upper)
      if (count < lower) stray(below, lower - count, lower)
    },
  }
  return spread
}

/** Squared deviations of the counts that strayed to one side, and what they would be if the excess variance were mean^1.5. */
interface Side {
  squares: number
  powers: number
}

function forget(side: Side, keep: number): void {
  side.squares *= keep
  side.powers *= keep
}

/** What chance alone brings, a variance of the mean, is taken off. */
function stray(side: Side, by: number, mean: number): void {
  side.squares += by * by - mean
  side.powers += power(mean)
}

/** @param shape what follows from the excess variance at a mean of 1. */
function shapeOf({ squares, powers }: Side, mean: number, shape: (excess: number) => number): number {
  if (squares <= 0) return SHAPE_MAX
  if (mean === 0 || powers === 0) return SHAPE_UNKNOWN
  return Math.min(SHAPE_MAX, Math.max(SHAPE_MIN, shape(((squares / powers) * power(mean)) / (mean * mean))))
}

/**
 * The shape of a gamma distribution of mean 1 whose values below the mean deviate from it by `excess` on the mean of
 * squares. They cannot fall below zero, so the more they vary the less of it shows there: r = (1 - v)^1.5 / v is within a
 * sixth of the exact value from r = 0.3 upwards, and less than it below. Above the mean the same variance shows as larger
 * than it is; 1 / v is left there, to be cautious with what comes in bursts.
 */
function shapeFromBelow(excess: number): number {
  return excess >= 1 ? 0 : power(1 - excess) / excess
}

function reach(mean: number, shape: number): number {
  return ADMITTED_SD * (Math.sqrt(mean + (mean * mean) / shape) + 1)
}

/**
 * Beyond chance, the variance goes with this power of the mean: between what a sum of bursts has (the mean) and what a
 * rate that wanders has (its square) (Taylor, 1961, "Aggregation, variance and the mean"). So busy hours tell of idle
 * ones too.
 */
function power(mean: number): number {
  return mean * Math.sqrt(mean)
}
