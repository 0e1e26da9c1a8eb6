/** A batch job: one run every night, a larger one when the month ends, and answers of 429 where it is too fast. */
import { hourOfDay, isMonthEnd } from '../calendar.ts'
import type { Habit, HabitContext } from '../client.ts'
import { anyAddress, NETWORKS } from '../networks.ts'

const HOMES = [NETWORKS.ovhRoubaix, NETWORKS.cogentNewYork]

export function createBatchHabit({ random, ordinal }: HabitContext): Habit {
  const home = HOMES[ordinal % HOMES.length] as (typeof HOMES)[number]
  const ip = anyAddress(random, home)
  const beginHour = 1 + ((ordinal * 2) % 4)
  return {
    networks: [home],
    callsPerVisit: 25,
    visitMs: 900_000,
    beginMinutes: [10, 16],
    advance: () => undefined,
    visitsPerHour: (hourMs) => {
      if (hourOfDay(hourMs) !== beginHour) return 0
      return isMonthEnd(hourMs) ? 18 : 6
    },
    rateLimitedShare: (hourMs) => (isMonthEnd(hourMs) ? 0.22 : 0.02),
    source: () => ({ ip, userAgent: `ledger-batch/1.${ordinal}.7 python-requests/2.31.0` }),
  }
}
