/** Enumeration: guessed paths, all routes of the service, or one route's identifiers in turn; mostly refused. */
import type { Random } from '../../random.ts'
import type { Endpoint } from '../endpoints.ts'
import { guesses } from './loot.ts'
import { type Scenario, spread, strikesOf, timesOf, type Victim } from './scenario.ts'
import { anywhereElse, disguise, ownPlace } from './thieves.ts'

export const enumeration: Scenario = {
  suits: ({ kind }) => kind !== 'crawler',
  play: ({ random, victim, beginMs }) => {
    const source = random.chance(0.5)
      ? ownPlace(random, victim, 0.6)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.3 })
    const endpoints = targets(random, victim, Math.round(spread(random, 50, 450)))
    const hours = spread(random, 0.05, 8)
    const times = timesOf(random, { beginMs, durationMs: hours * 3_600_000, count: endpoints.length })
    const found = random.between(0.02, 0.4)
    const missing = random.next()
    return {
      strikes: strikesOf(victim, times, source, (index) => {
        const endpoint = endpoints[index] as Endpoint
        const status = random.chance(found) ? endpoint.success : random.chance(missing) ? 404 : 403
        return { endpoint, status }
      }),
    }
  },
}

function targets(random: Random, victim: Victim, count: number): readonly Endpoint[] {
  const draw = random.next()
  if (draw < 0.5) return guesses(random, victim, count)
  const { endpoints, sensitive, coming } = victim.service
  const routes = [...endpoints, ...sensitive, ...coming]
  const named = routes.filter(({ kind, pieces }) => kind === 'item' && pieces.length > 1)
  const chosen = draw < 0.75 || named.length === 0 ? routes : [random.pick(named)]
  return Array.from({ length: count }, (_, index) => chosen[index % chosen.length] as Endpoint)
}
