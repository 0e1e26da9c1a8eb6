/**
 * How often something happens, and how surprising it is that it happened so much more or so much less: a fit to a history
 * of counts, and its tails in bits. Pure, over plain arrays: it knows of no token, no event and no clock.
 */
import { BUCKETS_PER_HOUR, measureBurstiness } from './rate/burst.ts'
import { type Expectation, createRateFold } from './rate/fold.ts'
import type { CountHistory } from './rate/history.ts'
import { negativeBinomialLowerTailBits, negativeBinomialTailBits } from './tails.ts'

export interface Resolution {
  /** Buckets in a day. */
  readonly perDay: number
  /** Buckets that are judged together, the last of them being the one in question. */
  readonly span: number
  /** Buckets before the one in question that a fit may rest on. */
  readonly kept: number
}

export const HOUR: Resolution = { perDay: 24, span: 1, kept: 28 * 24 }
/** The 24 hours that end with the one in question. */
export const DAY: Resolution = { perDay: 24, span: 24, kept: 28 * 24 }

/** Where nothing was ever counted, one bucket in a hundred may still hold something. */
const MEAN_MIN = 0.01
const SHAPE_MIN = 0.5

/** What is expected, and what that rests on. */
export interface RateFit extends Expectation {
  /** Buckets with something in them, in whole spans. */
  readonly observations: number
  /** Whether a whole week is known: before, a day off cannot be told from a drop. */
  readonly isWeekKnown: boolean
}

/**
 * The fit for one bucket from those before it: none at or after `bucket` is looked at. Undefined where nothing was counted.
 * It walks through every bucket kept, some 0.1 ms for four weeks of hours, so make it once for a bucket.
 */
export function fitRate(history: CountHistory, bucket: number, resolution: Resolution): RateFit | undefined {
  const { perDay, span, kept } = resolution
  const { buckets, counts } = history
  const first = Math.max(history.since, bucket - kept)
  const fold = createRateFold(perDay, span)
  let listed = 0
  while (listed < buckets.length && (buckets[listed] as number) < first) listed++
  let active = 0
  for (let at = first; at < bucket; at++) {
    const count = buckets[listed] === at ? (counts[listed++] as number) : 0
    if (count > 0) active++
    fold.next(at)
    fold.learn(count)
  }
  if (active === 0) return undefined
  return supported(fold.next(bucket), active / span, bucket - first >= 7 * perDay)
}

/**
 * The fit for five minutes: a twelfth of the hour that they are in, spread as five-minute counts of the last days were.
 * Where r is the hour's shape and w that within hours, 1 + 1/s = (1 + 1/r)(1 + 1/w) (moments of a product of gammas).
 */
export function fitFiveMinutes(hour: RateFit, history: CountHistory, bucket: number): RateFit {
  const { ratio, observations } = measureBurstiness(history, bucket)
  const shapeOf = (ofHour: number) => 1 / ((1 + 1 / ofHour) * ratio - 1)
  const expectation = {
    mean: hour.mean / BUCKETS_PER_HOUR,
    upperMean: hour.upperMean / BUCKETS_PER_HOUR,
    upperShape: shapeOf(hour.upperShape),
    lowerMean: hour.lowerMean / BUCKETS_PER_HOUR,
    lowerShape: shapeOf(hour.lowerShape),
    before: 0,
  }
  return supported(expectation, observations, hour.isWeekKnown)
}

/** With n observations nobody knows the spread: it is taken to be at least the mean times sqrt(8) / n. */
function supported(expectation: Expectation, observations: number, isWeekKnown: boolean): RateFit {
  const shapeMax = Math.max(SHAPE_MIN, observations ** 2 / 8)
  return {
    ...expectation,
    upperMean: Math.max(MEAN_MIN, expectation.upperMean),
    upperShape: Math.min(shapeMax, expectation.upperShape),
    lowerShape: Math.min(shapeMax, expectation.lowerShape),
    observations,
    isWeekKnown,
  }
}

/**
 * Bits of `count`, or of more, in the bucket; with a span the buckets before it count too.
 * @param surge how far the token's peers stand above or below what is expected of them just now, 1 being as expected. A
 * launch lifts what is expected, so that it explains itself; a quiet day at the others makes nobody a suspect.
 */
export function spikeBits(fit: RateFit, count: number, surge = 1): number {
  const bits = negativeBinomialTailBits(fit.before + count, fit.upperMean * Math.max(1, surge), fit.upperShape)
  return Math.min(bits, carriedBits(fit))
}

/** Bits of `count`, or of less, in the bucket when it is over. A holiday, a surge below 1, explains itself. */
export function dropBits(fit: RateFit, count: number, surge = 1): number {
  if (!fit.isWeekKnown) return 0
  const bits = negativeBinomialLowerTailBits(fit.before + count, fit.lowerMean * Math.min(1, surge), fit.lowerShape)
  return Math.min(bits, carriedBits(fit))
}

/** The rank among n observations is worth log2(n + 1); beyond twice that a fit would claim more than its data carry. */
function carriedBits(fit: RateFit): number {
  return 2 * Math.log2(fit.observations + 1)
}

/** The fit in words: what is expected, between which bounds, and from how much. */
export function describeRate(fit: RateFit): string {
  const { lowerMean, mean, upperMean, observations } = fit
  return `${shown(mean)} expected, ${shown(lowerMean)} to ${shown(upperMean)} around this time, from ${shown(observations)} observations`
}

function shown(value: number): string {
  return value < 10 ? String(Number(value.toFixed(1))) : String(Math.round(value))
}
