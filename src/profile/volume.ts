/**
 * How much a token is expected to do in one hour, or in the day that ends with it: the rate model (rate/fold.ts) run over
 * the token's own hours of four weeks, zeros included.
 */
import { LRUCache } from 'lru-cache'
import type { HourCounts } from './activity.ts'
import { HOURS_KEPT } from './calendar.ts'
import type { TokenProfile } from './profile.ts'
import { type RateFold, createRateFold } from './rate/fold.ts'
import { negativeBinomialTailBits } from './tails.ts'

/**
 * What is counted of an hour: a whole number. Calls in quarantine count too: were they left out, a token that does more
 * than it used to would be judged by its quiet hours alone, and more strictly each day. The model cuts what lies far
 * above its expectation, so a week of attack teaches it little.
 */
export type Series = (counts: HourCounts) => number

export interface Expected {
  /** Active hours that it rests on. */
  readonly hours: number
  /** Expected in the span, at the least and at the most for this time of the week, and how far counts stray from it. */
  readonly mean: number
  readonly upperMean: number
  readonly upperShape: number
  readonly lowerMean: number
  readonly lowerShape: number
  /** What the hours of the span before this one came to. */
  readonly before: number
}

/** Folds held at once: each is some kilobytes, and made again from the profile within 0.1 ms. */
const FOLDS_MAX = 5_000

interface Entry {
  readonly day: number
  readonly revision: number
  readonly fold: RateFold
  /** The hour that `expected` is of; everything before it was learned. */
  hour: number
  /** Place in the profile's hours of the first that was not learned. */
  at: number
  active: number
  expected: Expected
}

/**
 * Makes a function that says what is expected of a token at an hour, from the hours before it alone.
 * @param spanHours 1, or 24 for the day that ends with the hour.
 */
export function createExpectation(series: Series, spanHours: number) {
  const entries = new LRUCache<TokenProfile, Entry>({ max: FOLDS_MAX })

  return function expectedOf(profile: TokenProfile, hour: number): Expected {
    const day = Math.floor(hour / 24)
    let entry = entries.get(profile)
    if (entry === undefined || entry.day !== day || entry.revision !== profile.revision || entry.hour > hour) {
      entry = begin(profile, day)
      entries.set(profile, entry)
    }
    advance(profile, entry, hour)
    return entry.expected
  }

  /** The fold starts at the token's first hour of the 28 days before this one, so that it is the same live and rebuilt. */
  function begin(profile: TokenProfile, day: number): Entry {
    const { hours } = profile.activity
    let at = 0
    while (at < hours.length && (hours[at] as HourCounts).hour < day * 24 - HOURS_KEPT) at++
    const first = hours[at]?.hour ?? day * 24
    const fold = createRateFold(24, spanHours)
    const entry = { day, revision: profile.revision, fold, hour: Math.min(first, day * 24), at, active: 0 }
    return { ...entry, expected: expectation(fold, entry.hour, 0) }
  }

  function advance(profile: TokenProfile, entry: Entry, hour: number): void {
    const { hours } = profile.activity
    while (entry.hour < hour) {
      const counts = hours[entry.at]
      let value = 0
      if (counts !== undefined && counts.hour === entry.hour) {
        value = series(counts)
        entry.at++
      }
      entry.fold.learn(value)
      if (value > 0) entry.active++
      entry.hour++
      entry.expected = expectation(entry.fold, entry.hour, entry.active)
    }
  }

  function expectation(fold: RateFold, hour: number, active: number): Expected {
    const { mean, upperMean, upperShape, lowerMean, lowerShape, before } = fold.next(hour)
    // A gamma prior on the rate: with few hours its shape is not known, whatever they look like.
    const shapeMax = Math.max(0.5, (active / spanHours) ** 2 / 8)
    return {
      hours: active,
      mean,
      upperMean: Math.max(upperMean, MEAN_MIN),
      upperShape: Math.min(upperShape, shapeMax),
      lowerMean,
      lowerShape: Math.min(lowerShape, shapeMax),
      before,
    }
  }
}

/** An hour in which nothing ever came may bring one call in a hundred. */
const MEAN_MIN = 0.01

/**
 * Bits of a count, given that there was any: -eta log2 P(X >= count | X >= 1). That a token works at all at this hour is
 * another question (detect/unusual-hour.ts), and asked of every hour it would make each busy night a spike. The model is
 * wrong in ways that it cannot know (hours depend on each other, habits change), so its likelihood is tempered: eta is 1/2
 * (Gruenwald & van Ommen, 2017, on safe Bayes under misspecification).
 */
export function volumeBits(expected: Expected, count: number): number {
  const { upperMean, upperShape, hours } = expected
  const bits =
    negativeBinomialTailBits(count, upperMean, upperShape) - negativeBinomialTailBits(1, upperMean, upperShape)
  return Math.min(TEMPER * Math.max(0, bits), carriedBits(hours))
}

/** Exponent of the likelihood. */
export const TEMPER = 0.5

/**
 * What so many active hours can vouch for, in bits: the rank among n of them is worth log2(n + 1), and beyond twice that
 * the model would claim more than its data can carry.
 */
function carriedBits(hours: number): number {
  return 2 * Math.log2(hours + 1)
}
