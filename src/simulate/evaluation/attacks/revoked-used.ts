/** Use after revocation: a gateway that has not heard of it, or somebody who goes on trying. */
import { DAY_MS } from '../../../settings.ts'
import { timeText } from '../registry.ts'
import { type Scenario, strikesOf, timesOf } from './scenario.ts'
import { anywhereElse, disguise, haul, ownPlace } from './thieves.ts'

export const revokedUsed: Scenario = {
  suits: ({ isRegistered }) => isRegistered,
  daysMax: 1.5,
  play: ({ random, victim, beginMs }) => {
    const revokedMs = beginMs - random.between(0.02, 5) * DAY_MS
    victim.token.revoked_at = timeText(revokedMs)
    victim.interrupt({ fromMs: revokedMs, untilMs: Infinity, share: 0 })
    const source = random.chance(0.4)
      ? ownPlace(random, victim)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.4 })
    const refused = random.pick([0, 0.3, 0.9])
    return {
      strikes: strikesOf(victim, timesOf(random, haul(random, beginMs, 4, 60)), source, (_, timeMs) => {
        const endpoint = victim.work.endpoint(random, timeMs)
        return { endpoint, status: random.chance(refused) ? 401 : victim.work.status(random, endpoint, timeMs, 0) }
      }),
    }
  },
}
