/** Many times the usual calls within minutes or an hour or three, from the token's own place on its own routes. */
import { HOUR_MS } from '../../../settings.ts'
import { callsPerDay, type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { ownPlace } from './thieves.ts'

const CALLS_MAX = 5_000

export const frequencySpike: Scenario = {
  suits: ({ habit }) => habit.traits.isRare !== true,
  begin: (random, victim, { fromMs, untilMs }) => {
    const beginMs = Math.floor(random.between(fromMs, untilMs))
    const usual = callsPerDay(victim, beginMs)
    return usual > 4 && usual < 4_000 ? beginMs : undefined
  },
  play: ({ random, victim, beginMs }) => {
    const hours = random.pick([0.1, 0.3, 1, 1, 3])
    const hourMs = beginMs - (beginMs % HOUR_MS)
    const busiest = Math.max(...Array.from({ length: 48 }, (_, hour) => victim.expected(hourMs - hour * HOUR_MS)))
    const count = Math.min(CALLS_MAX, Math.max(50, Math.round(busiest * Math.max(1, hours) * spread(random, 5, 40))))
    const times = timesOf(random, { beginMs, durationMs: hours * HOUR_MS, count })
    const limited = random.pick([0, 0, 0.02, 0.3])
    return {
      strikes: strikesOf(victim, times, ownPlace(random, victim), (_, timeMs) => {
        const endpoint = victim.work.endpoint(random, timeMs)
        return { endpoint, status: random.chance(limited) ? 429 : victim.work.status(random, endpoint, timeMs, 0) }
      }),
    }
  },
}
