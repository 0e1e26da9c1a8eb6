/** A spike: ten to fifty times the usual calls in one hour, from where and on what the token always calls. */
import { HOUR_MS } from '../../settings.ts'
import { type Scenario, spread } from './scenario.ts'

const CALLS_MIN = 250

export const spike: Scenario = {
  victims: ['server', 'fleet'],
  calls: (random, victim, beginMs) => {
    const hourMs = beginMs - (beginMs % HOUR_MS)
    const usual = victim.callsPerHour(hourMs)
    const count = Math.max(CALLS_MIN, Math.round(usual * random.between(10, 50)))
    const source = victim.source(random)
    const timing = { beginMs: hourMs, durationMs: HOUR_MS, count }
    return spread(random, timing, () => ({
      source,
      endpoint: victim.endpoint(random),
      status: random.chance(0.02) ? 429 : 200,
    }))
  },
}
