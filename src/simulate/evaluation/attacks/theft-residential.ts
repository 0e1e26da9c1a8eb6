/** A stolen token used from a home in the owner's own country, by another operator. */
import { curiosity, lootRoute } from './loot.ts'
import { answerOf, type Scenario, strikesOf, timesOf } from './scenario.ts'
import { disguise, haul, homesNearby } from './thieves.ts'

export const theftResidential: Scenario = {
  suits: (victim) => victim.habit.traits.place !== 'many' && homesNearby(victim).length > 0,
  play: ({ random, victim, beginMs }) => {
    const source = disguise(random, victim, { networks: homesNearby(victim), copyShare: 0.45, addresses: 1 })
    const interest = curiosity(random)
    const times = timesOf(random, haul(random, beginMs, 8, 200))
    return {
      strikes: strikesOf(victim, times, source, (_, timeMs) => {
        const endpoint = lootRoute(random, victim, interest, timeMs)
        return { endpoint, status: answerOf(random, victim, endpoint) }
      }),
    }
  },
}
