/** A staging token in production, or the other way round. */
import { type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { anywhereElse, disguise, ownPlace } from './thieves.ts'

export const wrongEnvironment: Scenario = {
  suits: ({ isRegistered, world }) => isRegistered && world.style.fields === 'all',
  play: ({ random, victim, beginMs }) => {
    const source = random.chance(0.7)
      ? ownPlace(random, victim)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.5 })
    const timing = { beginMs, durationMs: spread(random, 2, 240) * 60_000, count: Math.round(spread(random, 4, 80)) }
    const environment = victim.environment === 'staging' ? 'production' : 'staging'
    const refused = random.pick([0, 0, 0.5])
    return {
      strikes: strikesOf(victim, timesOf(random, timing), source, (_, timeMs) => {
        const endpoint = victim.work.endpoint(random, timeMs)
        const status = random.chance(refused) ? 401 : victim.work.status(random, endpoint, timeMs, 0)
        return { endpoint, status, environment }
      }),
    }
  },
}
