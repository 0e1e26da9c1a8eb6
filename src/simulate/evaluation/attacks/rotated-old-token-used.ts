/** The old one of two tokens, used days after its client went over to the new one. */
import { DAY_MS } from '../../../settings.ts'
import { curiosity, lootRoute } from './loot.ts'
import { answerOf, type Scenario, strikesOf, timesOf } from './scenario.ts'
import { anywhereElse, disguise, haul, ownPlace } from './thieves.ts'

export const rotatedOldTokenUsed: Scenario = {
  suits: ({ kind, token, isRegistered }) => kind === 'rotated' && token.rotated_from === undefined && isRegistered,
  begin: (random, { habit }, { fromMs, untilMs }) => {
    const goneMs = (habit.rotation?.atMs ?? Infinity) + (habit.rotation?.graceMs ?? 0) + 2 * DAY_MS
    return goneMs < untilMs ? Math.floor(random.between(Math.max(fromMs, goneMs), untilMs)) : undefined
  },
  play: ({ random, victim, beginMs }) => {
    const source = random.chance(0.3)
      ? ownPlace(random, victim)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.4 })
    const interest = curiosity(random)
    return {
      strikes: strikesOf(victim, timesOf(random, haul(random, beginMs, 4, 100)), source, (_, timeMs) => {
        const endpoint = lootRoute(random, victim, interest, timeMs)
        return { endpoint, status: answerOf(random, victim, endpoint) }
      }),
    }
  },
}
