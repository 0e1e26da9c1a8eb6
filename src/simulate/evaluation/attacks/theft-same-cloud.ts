/** A stolen token used from the victim's own cloud and region: only the address, or also the tool and the routes, differ. */
import { curiosity, lootRoute } from './loot.ts'
import { answerOf, type Scenario, strikesOf, timesOf } from './scenario.ts'
import { disguise, haul, sameCloud } from './thieves.ts'

export const theftSameCloud: Scenario = {
  suits: (victim) => victim.habit.traits.place !== 'many' && sameCloud(victim).length > 0,
  play: ({ random, victim, beginMs }) => {
    const source = disguise(random, victim, { networks: sameCloud(victim), copyShare: 0.3 })
    const interest = curiosity(random)
    const times = timesOf(random, haul(random, beginMs, 15, 250))
    return {
      strikes: strikesOf(victim, times, source, (_, timeMs) => {
        const endpoint = lootRoute(random, victim, interest, timeMs)
        return { endpoint, status: answerOf(random, victim, endpoint, 0.04) }
      }),
    }
  },
}
