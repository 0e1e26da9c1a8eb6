/** Use on another continent while the owner goes on working at home. */
import { curiosity, lootRoute } from './loot.ts'
import { activeMoment, answerOf, ownersCalls, type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { disguise, farAway } from './thieves.ts'

export const impossibleTravel: Scenario = {
  suits: (victim) => victim.habit.traits.place !== 'many' && farAway(victim).length > 0,
  begin: (random, victim, window) => activeMoment(random, victim, window, 1.2),
  play: ({ random, victim, beginMs }) => {
    const source = disguise(random, victim, { networks: farAway(victim), copyShare: 0.6, addresses: 1 })
    const interest = curiosity(random)
    const timing = { beginMs, durationMs: spread(random, 10, 180) * 60_000, count: Math.round(spread(random, 5, 80)) }
    const times = timesOf(random, timing)
    const strikes = strikesOf(victim, times, source, (_, timeMs) => {
      const endpoint = lootRoute(random, victim, interest, timeMs)
      return { endpoint, status: answerOf(random, victim, endpoint) }
    })
    return { strikes: [...strikes, ...ownersCalls(random, victim, times)] }
  },
}
