/** An insider finds out what the token may do: own place, own agent, routes it never used, nearly all refused. */
import type { Endpoint } from '../endpoints.ts'
import { type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { ownPlace } from './thieves.ts'

export const errorBurst: Scenario = {
  suits: ({ kind }) => kind !== 'developer',
  play: ({ random, victim, beginMs }) => {
    const { endpoints, sensitive } = victim.service
    const routes: readonly Endpoint[] = random.chance(0.5) ? [...endpoints, ...sensitive] : victim.work.usual
    const timing = { beginMs, durationMs: spread(random, 2, 120) * 60_000, count: Math.round(spread(random, 12, 120)) }
    const refused = random.pick([[403], [403], [401, 403], [404], [403, 404]])
    const share = random.between(0.7, 1)
    return {
      strikes: strikesOf(victim, timesOf(random, timing), ownPlace(random, victim, 0.9), () => {
        const endpoint = random.pick(routes)
        return { endpoint, status: random.chance(share) ? random.pick(refused) : endpoint.success }
      }),
    }
  },
}
