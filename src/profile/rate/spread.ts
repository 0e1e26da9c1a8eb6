/** How far counts stray from what was expected of them, above and below it, as shapes of a negative binomial. */

/** Days over which deviations are remembered. */
const SPREAD_DAYS = 14
/** What a count may teach beyond the expected range, in standard deviations. */
const ADMITTED_SD = 4
const SHAPE_MIN = 1e-4
const SHAPE_MAX = 10_000

export interface Spread {
  /** Shape r of a negative binomial of this mean, from what lay above: variance = mean + mean^2 / r. */
  upperShape(mean: number): number
  /** The same from what lay below. */
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
  let above = 0
  let below = 0
  let upperPowers = 0
  let lowerPowers = 0
  let mostToday = 0
  let mostBefore = 0

  const spread: Spread = {
    upperShape(mean) {
      if (upperPowers === 0 || mean === 0) return 1
      return bounded(1 / (((Math.max(0, above) / upperPowers) * power(mean)) / (mean * mean)))
    },
    lowerShape(mean) {
      if (lowerPowers === 0 || mean === 0) return 1
      return bounded(shapeFromBelow(((Math.max(0, below) / lowerPowers / 2) * power(mean)) / (mean * mean)))
    },
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
      // Each side is half of the variance; what chance alone brings, the mean, is taken off.
      above = keep * above + 2 * Math.max(0, count - upper) ** 2 - upper
      below = keep * below + 2 * Math.max(0, lower - count) ** 2 - lower
      upperPowers = keep * upperPowers + power(upper)
      lowerPowers = keep * lowerPowers + power(lower)
    },
  }
  return spread
}

/**
 * The shape of a gamma distribution of mean 1 whose squared deviation below the mean averages `half`. Counts cannot fall
 * below zero, so the more they vary the less of it lies below: r = (1 - s)^2 / 2s is within a tenth of the exact value
 * from r = 0.3 upwards, and less than it below.
 */
function shapeFromBelow(half: number): number {
  return half >= 1 ? 0 : (1 - half) ** 2 / (2 * half)
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

function bounded(shape: number): number {
  return Math.min(SHAPE_MAX, Math.max(SHAPE_MIN, shape))
}
