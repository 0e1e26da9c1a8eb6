/** Another tenant's name in the path: one after the other, or one again and again. */
import { pickSome } from '../pick.ts'
import { type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { tenantRoutes } from './loot.ts'
import { anywhereElse, disguise, ownPlace } from './thieves.ts'

export const foreignTenant: Scenario = {
  suits: () => true,
  play: ({ random, victim, beginMs, world }) => {
    const others = pickSome(
      random,
      world.tenants.filter((tenant) => tenant !== victim.tenant),
      1 + random.int(6),
    )
    const routes = tenantRoutes(victim)
    const source = random.chance(0.75)
      ? ownPlace(random, victim, 0.9)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.5 })
    const timing = { beginMs, durationMs: spread(random, 1, 240) * 60_000, count: Math.round(spread(random, 3, 80)) }
    const refused = random.pick([0, 0.3, 0.95])
    return {
      strikes: strikesOf(victim, timesOf(random, timing), source, () => ({
        endpoint: random.pick(routes),
        status: random.chance(refused) ? random.pick([403, 404]) : 200,
        tenant: random.pick(others).name,
      })),
    }
  },
}
