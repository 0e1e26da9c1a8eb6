/**
 * What is usual: with how many tokens a source fails in an hour, and in what company tokens come to a new source. Counted
 * over all sources of a level, hour by hour.
 */
import { arrivalBits, failureBits } from './bits.ts'
import { type FailureSums, type Source, hourEnd, tallyFailures, tallyNewcomers } from './source.ts'

/** An hour counts for at most so many failed tokens. A source's own hours count in full: what goes on is its habit. */
const FAILED_TAUGHT_MAX = 8
/** An hour of so many bits is held, as a token's events are: what was told of must not excuse the next. */
const HELD_BITS = 8

/** Sums over hours of sources in which tokens came that were surprised by it. */
export interface ArrivalSums {
  readonly hours: number
  /** Several tokens came. */
  readonly joined: number
  /** Those were of several companies. */
  readonly mixed: number
  /** They came from several networks. */
  readonly gathered: number
  /** Several of them had a new client as well. */
  readonly changed: number
}

export interface Habits {
  readonly failures: FailureSums
  readonly arrivals: ArrivalSums
}

export const NO_HABITS: Habits = {
  failures: { hours: 0, failed: 0, failedSquares: 0 },
  arrivals: { hours: 0, joined: 0, mixed: 0, gathered: 0, changed: 0 },
}

export interface Lesson {
  readonly slot: number
  readonly habits: Habits
  readonly isHeld: boolean
}

/** What the hour teaches in which the source was active last, which is added to its own sums. */
export function closeHour(source: Source, habits: Habits): Lesson {
  const slot = hourEnd(source.slot)
  const failures = tallyFailures(source, slot)
  const arrivals = tallyNewcomers(source, slot)
  const isHeld =
    (failures.tokens > 1 && failureBits(failures, 0, source.sums, habits).bits >= HELD_BITS) ||
    arrivalBits(arrivals, habits).bits >= HELD_BITS
  source.sums = addSums(source.sums, hourOfFailures(failures.failed))
  const taught: Habits = {
    failures: hourOfFailures(Math.min(failures.failed, FAILED_TAUGHT_MAX)),
    arrivals: {
      hours: arrivals.tokens > 0 ? 1 : 0,
      joined: arrivals.tokens > 1 ? 1 : 0,
      mixed: arrivals.companies > 1 ? 1 : 0,
      gathered: arrivals.homes > 1 ? 1 : 0,
      changed: arrivals.newClients > 1 ? 1 : 0,
    },
  }
  return { slot, habits: taught, isHeld }
}

function hourOfFailures(failed: number): FailureSums {
  return { hours: 1, failed, failedSquares: failed ** 2 }
}

export function addHabits(one: Habits, other: Habits): Habits {
  return { failures: addSums(one.failures, other.failures), arrivals: addSums(one.arrivals, other.arrivals) }
}

function addSums<T extends Readonly<Record<keyof T, number>>>(one: T, other: T): T {
  const keys = Object.keys(one) as (keyof T)[]
  return Object.fromEntries(keys.map((key) => [key, one[key] + other[key]])) as T
}
