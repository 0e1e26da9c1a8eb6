/** Calls that the token's scopes do not cover, answered all the same: a hole in authorisation, found by its owner or another. */
import type { Endpoint } from '../endpoints.ts'
import { isAllowed, type Scenario, spread, strikesOf, timesOf, type Victim } from './scenario.ts'
import { anywhereElse, disguise, ownPlace } from './thieves.ts'

export const scopeExceeded: Scenario = {
  suits: (victim) => victim.isRegistered && beyond(victim).length > 0,
  play: ({ random, victim, beginMs }) => {
    const routes = beyond(victim)
    const chosen = random.chance(0.5) ? [random.pick(routes)] : routes
    const source = random.chance(0.75)
      ? ownPlace(random, victim, 0.9)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.5 })
    const timing = { beginMs, durationMs: spread(random, 1, 240) * 60_000, count: Math.round(spread(random, 3, 60)) }
    const refused = random.pick([0, 0, 0.4])
    return {
      strikes: strikesOf(victim, timesOf(random, timing), source, () => {
        const endpoint = random.pick(chosen)
        return { endpoint, status: random.chance(refused) ? 403 : endpoint.success }
      }),
    }
  },
}

function beyond(victim: Victim): readonly Endpoint[] {
  const used = new Set(victim.work.usual)
  const all = [...victim.service.endpoints, ...victim.service.sensitive]
  return all.filter((endpoint) => !isAllowed(victim, endpoint) && !used.has(endpoint))
}
