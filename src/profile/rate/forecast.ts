/** What one bucket is expected to hold: the rhythm at its level of today, or the recent mean where there is no rhythm. */
import { createLevel } from './level.ts'
import { createRhythm } from './rhythm.ts'
import { type Spread, createSpread } from './spread.ts'

/** A bucket that is not learned yet, and what was expected of it. */
export interface Pending {
  slot: number
  count: number
  /** The rhythm's mean before its level, and with it. */
  rhythm: number
  levelled: number
  recent: number
  lower: number
  middle: number
  upper: number
}

export interface Forecaster {
  /** How far single buckets stray from their forecast. */
  readonly spread: Spread
  forecast(bucket: number, into: Pending): void
  learn(bucket: Pending): void
}

export function createForecaster(perDay: number): Forecaster {
  const rhythm = createRhythm(perDay)
  const level = createLevel(perDay)
  const spread = createSpread(perDay)
  return {
    spread,
    forecast(bucket, into) {
      const slot = bucket % (7 * perDay)
      const overall = level.overall()
      const mean = rhythm.mean(slot, overall)
      const [lowest, highest] = rhythm.around(slot, overall, mean)
      const ratio = level.ratio()
      const trust = level.trust()
      const recent = level.recent()
      const rest = (1 - trust) * recent
      into.slot = slot
      into.count = 0
      into.rhythm = mean
      into.levelled = mean * ratio
      into.recent = recent
      into.lower = trust * ratio * lowest + rest
      into.middle = trust * ratio * mean + rest
      into.upper = trust * ratio * highest + rest
    },
    learn(bucket) {
      const count = spread.admit(bucket.count, bucket.lower, bucket.upper)
      spread.learn(count, bucket.lower, bucket.upper)
      level.learn(count, bucket.rhythm, bucket.levelled, bucket.recent)
      rhythm.learn(bucket.slot, count)
    },
  }
}

export function emptyBucket(): Pending {
  return { slot: 0, count: 0, rhythm: 0, levelled: 0, recent: 0, lower: 0, middle: 0, upper: 0 }
}
