/** How a series of values becomes counts in buckets: from its first rows, once and for all. */
import { DAY_MS } from '../../src/settings.ts'

export interface Row {
  readonly timeMs: number
  readonly value: number
}

export interface Counting {
  /** Buckets in a day: by the median time between rows. */
  readonly perDay: number
  bucketOf(timeMs: number): number
  countOf(value: number): number
}

/** Counts that an average row of the first ones is worth: fine enough to lose nothing that matters. */
const AVERAGE_COUNT = 1000

/**
 * Values are counted from a floor up: zero, or as far below the first rows' least value as their greatest is above it, so
 * that what falls below them still falls.
 */
export function countingOf(rows: readonly Row[]): Counting {
  const values = rows.map((row) => row.value)
  const least = Math.min(...values)
  const greatest = Math.max(...values)
  const floor = Math.min(0, least - (greatest - least))
  const mean = values.reduce((sum, value) => sum + value - floor, 0) / values.length
  const unit = (mean === 0 ? 1 : mean) / AVERAGE_COUNT
  const perDay = Math.max(1, Math.round(DAY_MS / stepMs(rows)))
  return {
    perDay,
    bucketOf: (timeMs) => Math.round((timeMs * perDay) / DAY_MS),
    countOf: (value) => Math.max(0, (value - floor) / unit),
  }
}

function stepMs(rows: readonly Row[]): number {
  const steps = rows.slice(1).map((row, at) => row.timeMs - (rows[at] as Row).timeMs)
  const positive = steps.filter((step) => step > 0).toSorted((a, b) => a - b)
  return positive[Math.floor(positive.length / 2)] ?? DAY_MS
}
