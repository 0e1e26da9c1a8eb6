/** Thresholds by budget from the incidents so far: all that is known of them in a replay without a database. */
import type { Finding, FoldedEvent } from '../detect/finding.ts'
import type { IncidentId } from '../event.ts'
import { dayOf } from '../profile/calendar.ts'
import { type BudgetSettings, LEVELS, WINDOW_DAYS, levelOf, takeThreshold } from './budget.ts'

export interface MemoryBudget {
  /** The threshold for incidents that began then: taken when its day is first asked for, and kept. */
  readonly thresholdBits: (beganAtMs: number) => number
  /** Takes in a folded event with its findings, or findings of its source. */
  learn(event: FoldedEvent, findings: readonly Finding[]): void
}

interface Score {
  firstMs: number
  bits: number
  /** It alerts whatever the threshold, and so costs nothing of the budget. */
  isForced: boolean
}

export function createMemoryBudget(settings: BudgetSettings): MemoryBudget {
  const taken = new Map<number, number>()
  const daysWithTraffic = new Set<number>()
  const scores = new Map<IncidentId, Score>()

  function take(day: number): number {
    const days = new Map<number, number[]>()
    for (let at = day - WINDOW_DAYS; at < day; at++) {
      if (daysWithTraffic.has(at))
        days.set(
          at,
          Array.from({ length: LEVELS }, () => 0),
        )
    }
    for (const { firstMs, bits, isForced } of scores.values()) {
      const counts = days.get(dayOf(firstMs))
      const level = levelOf(bits)
      if (counts !== undefined && level >= 0 && !isForced) counts[level] = (counts[level] as number) + 1
    }
    return takeThreshold([...days.values()], settings).bits
  }

  return {
    thresholdBits(beganAtMs) {
      const day = dayOf(beganAtMs)
      const known = taken.get(day)
      if (known !== undefined) return known
      const bits = take(day)
      taken.set(day, bits)
      return bits
    },
    learn(event, findings) {
      if (event.learned !== 0) daysWithTraffic.add(dayOf(event.timeMs))
      for (const { incidentId, concern, timeMs, sumBits, severityMin } of findings) {
        if (concern !== 'misuse') continue
        const score = scores.get(incidentId)
        if (score === undefined) {
          scores.set(incidentId, { firstMs: timeMs, bits: sumBits, isForced: severityMin !== undefined })
          continue
        }
        score.firstMs = Math.min(score.firstMs, timeMs)
        score.bits = Math.max(score.bits, sumBits)
        score.isForced ||= severityMin !== undefined
      }
    },
  }
}
