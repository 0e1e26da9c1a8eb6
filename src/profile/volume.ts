/**
 * How much a token is expected to do in one hour: the rate model (rate/fold.ts) run over the token's own hours of four weeks, zeros included.
 */
import { LRUCache } from 'lru-cache'
import { type HourCounts, countsAt, hourAt, hoursIn } from './hours.ts'
import { HOURS_KEPT } from './calendar.ts'
import type { TokenProfile } from './profile.ts'
import { type RateFit, supported } from './rate.ts'
import { type RateFold, createRateFold } from './rate/fold.ts'

/**
 * What is counted of an hour: a whole number. Calls in quarantine count too: were they left out, a token that does more
 * than it used to would be judged by its quiet hours alone, and more strictly each day. The model cuts what lies far
 * above its expectation, so a week of attack teaches it little.
 */
export type Series = (counts: HourCounts) => number

/** Folds held at once: each is some kilobytes, and made again from the profile within 0.1 ms. */
const FOLDS_MAX = 5_000

interface Entry {
  readonly day: number
  readonly revision: number
  readonly fold: RateFold
  /** The hour that `fit` is of; everything before it was learned. */
  hour: number
  /** Place in the profile's hours of the first that was not learned. */
  at: number
  active: number
  fit: RateFit
}

/** Makes a function that says what is expected of a token at an hour, from the hours before it alone. */
export function createExpectation(series: Series) {
  const entries = new LRUCache<TokenProfile, Entry>({ max: FOLDS_MAX })

  return function expectedOf(profile: TokenProfile, hour: number): RateFit {
    const day = Math.floor(hour / 24)
    let entry = entries.get(profile)
    if (entry === undefined || entry.day !== day || entry.revision !== profile.revision || entry.hour > hour) {
      entry = begin(profile, day)
      entries.set(profile, entry)
    }
    advance(profile, entry, hour)
    return entry.fit
  }

  /** The fold starts at the token's first hour of the 28 days before this one, so that it is the same live and rebuilt. */
  function begin(profile: TokenProfile, day: number): Entry {
    const { hours } = profile.activity
    let at = 0
    while (at < hoursIn(hours) && (hourAt(hours, at) as number) < day * 24 - HOURS_KEPT) at++
    const first = Math.min(hourAt(hours, at) ?? day * 24, day * 24)
    const fold = createRateFold(24, 1)
    const fit = supported(fold.next(first), 0)
    return { day, revision: profile.revision, fold, hour: first, at, active: 0, fit }
  }

  function advance(profile: TokenProfile, entry: Entry, hour: number): void {
    const { hours } = profile.activity
    while (entry.hour < hour) {
      let value = 0
      if (hourAt(hours, entry.at) === entry.hour) {
        value = series(countsAt(hours, entry.at))
        entry.at++
      }
      entry.fold.learn(value)
      if (value > 0) entry.active++
      entry.hour++
      entry.fit = supported(entry.fold.next(entry.hour), entry.active)
    }
  }
}
