/** Availability: a client that makes only a small part of its usual calls for half a day or some days. */
import { DAY_MS } from '../../../settings.ts'
import { callsPerDay, type Scenario, spread } from './scenario.ts'

export const frequencyDrop: Scenario = {
  suits: ({ habit }) => !habit.traits.isPerson && habit.traits.isRare !== true && habit.rotation === undefined,
  daysMax: 1,
  begin: (random, victim, { fromMs, untilMs }) => {
    const beginMs = Math.floor(random.between(fromMs, untilMs))
    return callsPerDay(victim, beginMs) > 100 ? beginMs : undefined
  },
  play: ({ random, victim, beginMs, endMs }) => {
    const untilMs = Math.min(endMs, beginMs + spread(random, 0.4, 6) * DAY_MS)
    victim.interrupt({ fromMs: beginMs, untilMs, share: random.between(0.03, 0.3) })
    return { strikes: [], absences: [{ client: victim, fromMs: beginMs, untilMs }] }
  },
}
