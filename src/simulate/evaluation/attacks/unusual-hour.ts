/** Own network, own agent, in the middle of the token's night. */
import { type Scenario, nightMoment, spread, strikesOf, timesOf } from './scenario.ts'
import { ownPlace } from './thieves.ts'

export const unusualHour: Scenario = {
  suits: ({ habit, kind }) => habit.traits.isRare !== true && kind !== 'on-call' && kind !== 'event-driven',
  begin: nightMoment,
  play: ({ random, victim, beginMs }) => {
    const timing = { beginMs, durationMs: spread(random, 10, 120) * 60_000, count: Math.round(spread(random, 8, 100)) }
    return {
      strikes: strikesOf(victim, timesOf(random, timing), ownPlace(random, victim), (_, timeMs) => {
        const endpoint = victim.work.endpoint(random, timeMs)
        return { endpoint, status: victim.work.status(random, endpoint, timeMs, 0) }
      }),
    }
  },
}
