/** Use after the registry's expiry: by the owner's forgotten client for some days, or by somebody else later. */
import { DAY_MS, HOUR_MS } from '../../../settings.ts'
import { timeText } from '../registry.ts'
import { type Scenario, strikesOf, timesOf } from './scenario.ts'
import { anywhereElse, disguise, haul, ownPlace } from './thieves.ts'

export const expiredUsed: Scenario = {
  suits: ({ isRegistered }) => isRegistered,
  daysMax: 1.5,
  play: ({ random, victim, beginMs }) => {
    const byOwner = random.chance(0.5)
    const expiresMs = beginMs - (byOwner ? random.between(0, 0.5) * HOUR_MS : random.between(0.1, 6) * DAY_MS)
    victim.token.expires_at = timeText(expiresMs)
    victim.interrupt({ fromMs: expiresMs, untilMs: Infinity, share: 0 })
    const source = byOwner
      ? ownPlace(random, victim)
      : disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.4 })
    const times = timesOf(random, haul(random, beginMs, 4, 80))
    return {
      strikes: strikesOf(victim, times, source, (_, timeMs) => {
        const endpoint = victim.work.endpoint(random, timeMs)
        return { endpoint, status: victim.work.status(random, endpoint, timeMs, 0) }
      }),
    }
  },
}
