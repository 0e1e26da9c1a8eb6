/**
 * What is expected of the next count, or of a span of counts that ends with it, learned bucket by bucket. The same counts
 * in the same order give the same expectations; nothing else matters.
 */
import { type Pending, createForecaster, emptyBucket } from './forecast.ts'
import { createSpread } from './spread.ts'

/** Spans that pass before the spread of spans is learned: the first are forecast by one that knows nothing. */
const SPANS_SKIPPED = 3

/** A negative binomial for each side: variance = mean + mean^2 / shape. */
export interface Expectation {
  readonly mean: number
  /** The most that this time of the week lets expect, which what is too much is measured against. */
  readonly upperMean: number
  readonly upperShape: number
  /** The least, for what is too little. */
  readonly lowerMean: number
  readonly lowerShape: number
  /** What the span's earlier buckets came to: the expectation is of this and the next count together. */
  readonly before: number
}

/** `next` and `learn` take turns, bucket after bucket without gaps, empty ones included. */
export interface RateFold {
  next(bucket: number): Expectation
  learn(count: number): void
}

/**
 * @param perDay buckets in a day; bucket 0 begins the day and the week, whichever day that is.
 * @param span buckets that are expected together, the next one last. What lies within the span is learned when it is over,
 * so that a slow ramp does not explain itself.
 */
export function createRateFold(perDay: number, span: number): RateFold {
  const forecaster = createForecaster(perDay)
  const spread = span === 1 ? forecaster.spread : createSpread(perDay)
  const pending = Array.from({ length: span }, emptyBucket)
  const total = emptyBucket()
  let at = 0
  let seen = 0
  let lower = 0
  let upper = 0

  return {
    next(bucket) {
      const next = pending[at] as Pending
      if (seen >= span) add(total, next, -1)
      forecaster.forecast(bucket, next)
      add(total, next, 1)
      // Sums of what comes and goes keep a rest of rounding, which may be negative.
      lower = Math.max(0, total.lower)
      upper = Math.max(0, total.upper)
      return {
        mean: Math.max(0, total.middle),
        upperMean: upper,
        upperShape: spread.upperShape(upper),
        lowerMean: lower,
        lowerShape: spread.lowerShape(lower),
        before: Math.max(0, total.count),
      }
    },
    learn(count) {
      const next = pending[at] as Pending
      next.count = count
      total.count += count
      seen++
      if (span > 1 && seen >= (SPANS_SKIPPED + 1) * span) {
        spread.learn(spread.admit(Math.max(0, total.count), lower, upper), lower, upper)
      }
      at = (at + 1) % span
      if (seen >= span) forecaster.learn(pending[at] as Pending)
    },
  }
}

function add(total: Pending, bucket: Pending, sign: 1 | -1): void {
  total.count += sign * bucket.count
  total.lower += sign * bucket.lower
  total.middle += sign * bucket.middle
  total.upper += sign * bucket.upper
}
