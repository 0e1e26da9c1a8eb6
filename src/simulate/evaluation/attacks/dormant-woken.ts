/** A token that nobody used for ten days and more is used: from a place of its own, or from elsewhere. */
import { DAY_MS, HOUR_MS } from '../../../settings.ts'
import { curiosity, lootRoute } from './loot.ts'
import { answerOf, type Scenario, strikesOf, timesOf } from './scenario.ts'
import { anywhereElse, disguise, haul, ownPlace } from './thieves.ts'

export const dormantWoken: Scenario = {
  suits: ({ kind }) => kind === 'dormant',
  begin: (random, victim, { fromMs, untilMs }) => {
    for (let tries = 0; tries < 40; tries++) {
      const beginMs = Math.floor(random.between(fromMs, untilMs))
      const hours = Array.from(
        { length: 12 * 24 },
        (_, hour) => beginMs - (beginMs % HOUR_MS) + DAY_MS - hour * HOUR_MS,
      )
      if (hours.every((hourMs) => victim.expected(hourMs) === 0)) return beginMs
    }
    return undefined
  },
  play: ({ random, victim, beginMs }) => {
    const source = random.chance(0.5)
      ? ownPlace(random, victim, 0.6)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.3 })
    const interest = curiosity(random)
    const times = timesOf(random, haul(random, beginMs, 8, 120))
    return {
      strikes: strikesOf(victim, times, source, (_, timeMs) => {
        const endpoint = lootRoute(random, victim, interest, timeMs)
        return { endpoint, status: answerOf(random, victim, endpoint, 0.06) }
      }),
    }
  },
}
