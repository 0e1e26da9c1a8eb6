/** Thresholds by budget as ClickHouse keeps them: taken once for each day, whoever comes first, and known from then on. */
import { type BudgetSettings, WINDOW_DAYS } from '../alert/budget.ts'
import type { ThresholdDays } from '../pipeline.ts'
import { dayOf } from '../profile/calendar.ts'
import type { Database } from '../store/database.ts'
import { readThresholds, takeDayThreshold } from '../store/thresholds.ts'

export interface StoredThresholds {
  /** For incidents that began then. A day that was not prepared has no scores: the fixed threshold applies. */
  readonly thresholdBits: (beganAtMs: number) => number
  /** @param around each question to the database, for those who try again. */
  readonly daysOf: (db: Database, around?: <T>(ask: () => Promise<T>) => Promise<T>) => ThresholdDays
}

export function createStoredThresholds(settings: BudgetSettings): StoredThresholds {
  const known = new Map<number, number>()
  return {
    thresholdBits: (beganAtMs) => known.get(dayOf(beganAtMs)) ?? settings.thresholdBits,
    daysOf: (db, around = (ask) => ask()) => ({
      isReady: (day) => known.has(day),
      async prepare(days) {
        const missing = [...days].filter((day) => !known.has(day)).sort((a, b) => a - b)
        if (missing.length === 0) return
        // What began before and goes on, such as an incident of a source, is asked for by its first day.
        const asked = new Set(missing.flatMap((day) => Array.from({ length: WINDOW_DAYS }, (_, at) => day - at)))
        for (const [day, bits] of await around(() => readThresholds(db, settings, [...asked]))) known.set(day, bits)
        for (const day of missing) {
          if (!known.has(day)) known.set(day, await around(() => takeDayThreshold(db, settings, day)))
        }
      },
    }),
  }
}
