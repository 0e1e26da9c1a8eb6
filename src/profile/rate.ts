/**
 * How surprising it is that something happened so much more than a fit to its past counts lets expect, in bits. Pure, over plain numbers: it knows of no token, no event and no clock.
 */
import { BUCKETS_PER_HOUR, type Burstiness } from './rate/burst.ts'
import type { Expectation } from './rate/fold.ts'
import { negativeBinomialTailBits } from './tails.ts'

/** An hour in which nothing ever came may bring one call in a hundred. */
const MEAN_MIN = 0.01
const SHAPE_MIN = 0.5
/**
 * Exponent of the likelihood. The model is wrong in ways that it cannot know (hours depend on each other, habits change),
 * so what it says is tempered (Gruenwald & van Ommen, 2017, on safe Bayes under misspecification).
 */
export const TEMPER = 0.5

/** What is expected, and what that rests on. */
export interface RateFit extends Expectation {
  /** Buckets with something in them, in whole spans. */
  readonly observations: number
}

/** With n observations nobody knows the spread: it is taken to be at least the mean times sqrt(8) / n. */
export function supported(expectation: Expectation, observations: number): RateFit {
  const shapeMax = Math.max(SHAPE_MIN, observations ** 2 / 8)
  return {
    ...expectation,
    upperMean: Math.max(MEAN_MIN, expectation.upperMean),
    upperShape: Math.min(shapeMax, expectation.upperShape),
    lowerShape: Math.min(shapeMax, expectation.lowerShape),
    observations,
  }
}

/**
 * The fit for five minutes: a twelfth of the hour that they are in, spread as five-minute counts of the last day were.
 * Where r is the hour's shape and w that within hours, 1 + 1/s = (1 + 1/r)(1 + 1/w) (moments of a product of gammas).
 */
export function fitFiveMinutes(hour: RateFit, { ratio }: Burstiness): RateFit {
  const shapeOf = (ofHour: number) => 1 / ((1 + 1 / ofHour) * ratio - 1)
  return {
    ...hour,
    mean: hour.mean / BUCKETS_PER_HOUR,
    upperMean: hour.upperMean / BUCKETS_PER_HOUR,
    upperShape: shapeOf(hour.upperShape),
    lowerMean: hour.lowerMean / BUCKETS_PER_HOUR,
    lowerShape: shapeOf(hour.lowerShape),
    before: 0,
  }
}

/**
 * Bits of `count`, or of more, in the bucket, given that there was any: -eta log2 P(X >= count | X >= 1). That a token
 * works at all at this hour is another question (detect/unusual-hour.ts), and asked of every hour it would make each busy
 * night a spike. With a span the buckets before it count too.
 * @param surge how far the token's peers stand above or below what is expected of them just now, 1 being as expected. A
 * launch lifts what is expected, so that it explains itself; a quiet day at the others makes nobody a suspect.
 */
export function spikeBits(fit: RateFit, count: number, surge = 1): number {
  const mean = fit.upperMean * Math.max(1, surge)
  const bits =
    negativeBinomialTailBits(fit.before + count, mean, fit.upperShape) -
    negativeBinomialTailBits(1, mean, fit.upperShape)
  return Math.min(TEMPER * Math.max(0, bits), carriedBits(fit))
}

/**
 * What so many observations can vouch for: the rank among n of them is worth log2(n + 1), and beyond twice that a fit
 * would claim more than its data can carry.
 */
function carriedBits(fit: RateFit): number {
  return 2 * Math.log2(fit.observations + 1)
}
