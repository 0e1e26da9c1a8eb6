/** A stolen token used from a hosting or VPN network in another country. */
import { curiosity, lootRoute } from './loot.ts'
import { answerOf, type Scenario, strikesOf, timesOf } from './scenario.ts'
import { disguise, haul, hostingAbroad } from './thieves.ts'

export const theftHosting: Scenario = {
  suits: () => true,
  play: ({ random, victim, beginMs }) => {
    const source = disguise(random, victim, { networks: hostingAbroad(victim), copyShare: 0.3 })
    const interest = curiosity(random)
    const times = timesOf(random, haul(random, beginMs, 8, 250))
    return {
      strikes: strikesOf(victim, times, source, (_, timeMs) => {
        const endpoint = lootRoute(random, victim, interest, timeMs)
        return { endpoint, status: answerOf(random, victim, endpoint) }
      }),
    }
  },
}
