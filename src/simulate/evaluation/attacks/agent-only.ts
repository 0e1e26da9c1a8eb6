/** Another tool in the token's own network: an insider, or malware on the owner's machine. */
import { curiosity, lootRoute } from './loot.ts'
import { answerOf, type Scenario, strikesOf, timesOf } from './scenario.ts'
import { haul, ownPlace } from './thieves.ts'

export const agentOnly: Scenario = {
  suits: ({ kind }) => !['developer', 'cloud-shell', 'shared-team', 'on-call'].includes(kind),
  play: ({ random, victim, beginMs }) => {
    const source = ownPlace(random, victim, 0)
    const interest = curiosity(random)
    const times = timesOf(random, haul(random, beginMs, 12, 200))
    return {
      strikes: strikesOf(victim, times, source, (_, timeMs) => {
        const endpoint = lootRoute(random, victim, interest, timeMs)
        return { endpoint, status: answerOf(random, victim, endpoint) }
      }),
    }
  },
}
