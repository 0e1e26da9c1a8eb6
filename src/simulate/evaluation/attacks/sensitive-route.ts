/** Exports, users, keys, administration: by a token that never went there, mostly from its own place. */
import { pickSome } from '../pick.ts'
import { type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { anywhereElse, disguise, ownPlace } from './thieves.ts'

export const sensitiveRoute: Scenario = {
  suits: ({ habit, service }) => habit.work?.sensitiveRoutes === undefined && !service.name.startsWith('identity'),
  play: ({ random, victim, beginMs }) => {
    const source = random.chance(0.75)
      ? ownPlace(random, victim, 0.9)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.5 })
    const routes = pickSome(random, victim.service.sensitive, 1 + random.int(5))
    const timing = { beginMs, durationMs: spread(random, 1, 120) * 60_000, count: Math.round(spread(random, 3, 40)) }
    const refused = random.pick([0, 0, 0.3])
    return {
      strikes: strikesOf(victim, timesOf(random, timing), source, () => {
        const endpoint = random.pick(routes)
        return { endpoint, status: random.chance(refused) ? 403 : endpoint.success }
      }),
    }
  },
}
