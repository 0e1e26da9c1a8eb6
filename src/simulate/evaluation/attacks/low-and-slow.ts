/** A few calls a day for days from somewhere else, made to look like the owner's. */
import { DAY_MS, HOUR_MS } from '../../../settings.ts'
import { curiosity, lootRoute } from './loot.ts'
import { answerOf, type Scenario, strikesOf } from './scenario.ts'
import { anywhereElse, disguise } from './thieves.ts'

export const lowAndSlow: Scenario = {
  suits: (victim) => victim.habit.traits.isRare !== true,
  daysMax: 6,
  play: ({ random, victim, beginMs, endMs }) => {
    const source = disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.7, addresses: 1 })
    const interest = curiosity(random)
    const perDay = random.between(2, 8)
    const lastMs = Math.min(endMs, beginMs + random.between(4, 14) * DAY_MS)
    const isSleeping = random.chance(0.5)
    const times: number[] = []
    let atMs = beginMs
    while (atMs < lastMs) {
      times.push(Math.floor(atMs))
      atMs += -Math.log(1 - random.next()) * (DAY_MS / perDay)
      if (isSleeping && Math.floor(atMs / HOUR_MS) % 24 < 7) atMs += 7 * HOUR_MS
    }
    return {
      strikes: strikesOf(victim, times, source, (_, timeMs) => {
        const endpoint = lootRoute(random, victim, interest, timeMs)
        return { endpoint, status: answerOf(random, victim, endpoint) }
      }),
    }
  },
}
