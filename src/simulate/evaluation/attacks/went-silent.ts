/** Availability: a client that was always there is gone, for half a day or for good. */
import { DAY_MS } from '../../../settings.ts'
import { callsPerDay, type Scenario, spread } from './scenario.ts'

export const wentSilent: Scenario = {
  suits: ({ habit }) => !habit.traits.isPerson && habit.traits.isRare !== true && habit.rotation === undefined,
  daysMax: 1,
  begin: (random, victim, { fromMs, untilMs }) => {
    const beginMs = Math.floor(random.between(fromMs, untilMs))
    return callsPerDay(victim, beginMs) > 40 && victim.expected(beginMs) > 1 ? beginMs : undefined
  },
  play: ({ random, victim, beginMs, endMs }) => {
    const untilMs = Math.min(endMs, beginMs + spread(random, 0.4, 20) * DAY_MS)
    victim.interrupt({ fromMs: beginMs, untilMs, share: 0 })
    return { strikes: [], absences: [{ client: victim, fromMs: beginMs, untilMs }] }
  },
}
