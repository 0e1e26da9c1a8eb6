/** More and more calls over days, from the token's own place and with its own agent. */
import { DAY_MS, HOUR_MS } from '../../../settings.ts'
import { callsPerDay, type Scenario, spread, strikesOf } from './scenario.ts'
import { ownPlace } from './thieves.ts'

export const slowRamp: Scenario = {
  suits: ({ habit }) => habit.traits.isRare !== true,
  daysMax: 6,
  begin: (random, victim, { fromMs, untilMs }) => {
    const beginMs = Math.floor(random.between(fromMs, untilMs) / HOUR_MS) * HOUR_MS
    const usual = callsPerDay(victim, beginMs)
    return usual > 8 && usual < 700 ? beginMs : undefined
  },
  play: ({ random, victim, beginMs, endMs }) => {
    const days = Math.min(random.between(5, 10), (endMs - beginMs) / DAY_MS)
    const growth = spread(random, 3, 12) ** (1 / days)
    const times: number[] = []
    for (let hourMs = beginMs; hourMs < beginMs + days * DAY_MS; hourMs += HOUR_MS) {
      const extra = victim.expected(hourMs) * (growth ** ((hourMs - beginMs) / DAY_MS) - 1)
      for (let left = random.poisson(extra); left > 0; left--) times.push(Math.floor(hourMs + random.next() * HOUR_MS))
    }
    return {
      strikes: strikesOf(
        victim,
        times.sort((left, right) => left - right),
        ownPlace(random, victim),
        (_, timeMs) => {
          const endpoint = victim.work.endpoint(random, timeMs)
          return { endpoint, status: victim.work.status(random, endpoint, timeMs, 0) }
        },
      ),
    }
  },
}
