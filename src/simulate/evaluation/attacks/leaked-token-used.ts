/** Use of a token after it was found in public and given up by its owner. */
import { DAY_MS } from '../../../settings.ts'
import { timeText } from '../registry.ts'
import { curiosity, lootRoute } from './loot.ts'
import { answerOf, type Scenario, strikesOf, timesOf } from './scenario.ts'
import { anywhereElse, disguise, haul, ownPlace } from './thieves.ts'

export const leakedTokenUsed: Scenario = {
  suits: ({ isRegistered }) => isRegistered,
  daysMax: 1.5,
  play: ({ random, victim, beginMs }) => {
    const leakedMs = beginMs - random.between(0.01, 6) * DAY_MS
    victim.token.compromised_at = timeText(leakedMs)
    victim.interrupt({ fromMs: leakedMs, untilMs: Infinity, share: 0 })
    const source = random.chance(0.15)
      ? ownPlace(random, victim, 0.5)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.2 })
    const interest = curiosity(random)
    return {
      strikes: strikesOf(victim, timesOf(random, haul(random, beginMs, 3, 100)), source, (_, timeMs) => {
        const endpoint = lootRoute(random, victim, interest, timeMs)
        return { endpoint, status: answerOf(random, victim, endpoint) }
      }),
    }
  },
}
