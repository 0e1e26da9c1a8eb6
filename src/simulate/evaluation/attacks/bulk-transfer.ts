/** Data pulled out: collections page by page, exports, answers far larger than usual; from its own place or another. */
import { bulkRoutes } from './loot.ts'
import { isAllowed, type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { anywhereElse, disguise, haul, ownPlace } from './thieves.ts'

export const bulkTransfer: Scenario = {
  suits: (victim) => victim.service.gateway.sendsBytes && bulkRoutes(victim).length > 0,
  play: ({ random, victim, beginMs }) => {
    const source = random.chance(0.6)
      ? ownPlace(random, victim)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.5 })
    const routes = bulkRoutes(victim)
    const allowed = routes.filter((endpoint) => isAllowed(victim, endpoint))
    const chosen = random.pick(allowed.length > 0 ? allowed : routes)
    const factor = spread(random, 8, 200)
    const times = timesOf(random, haul(random, beginMs, 25, 300))
    return {
      strikes: strikesOf(victim, times, source, () => ({
        endpoint: chosen,
        status: 200,
        bytes: Math.round(
          Math.max(60_000, chosen.bytesTypical * victim.work.bytesFactor * factor) * random.between(0.6, 1.4),
        ),
      })),
    }
  },
}
