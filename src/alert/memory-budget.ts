/** Thresholds by budget from the incidents so far: all that is known of them in a replay without a database. */
import type { Finding, FoldedEvent } from '../detect/finding.ts'
import type { IncidentId } from '../event.ts'
import { dayOf } from '../profile/calendar.ts'
import { type BudgetSettings, LEVELS, WINDOW_DAYS, levelOf, takeThreshold } from './budget.ts'

export interface MemoryBudget {
  /** The threshold for incidents that began then: taken with the first event of the day, and kept. */
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

  function thresholdOf(day: number): number {
    let bits = taken.get(day)
    if (bits === undefined) taken.set(day, (bits = take(day)))
    return bits
  }

  return {
    thresholdBits: (beganAtMs) => thresholdOf(dayOf(beganAtMs)),
    learn(event, findings) {
      thresholdOf(dayOf(event.timeMs))
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
