/** A dormant token that wakes: from the address it always had, or from a new one. */
import { foreignSource, MINUTES_MS, type Scenario, spread } from './scenario.ts'

export const wokenToken: Scenario = {
  victims: ['dormant'],
  calls: (random, victim, beginMs) => {
    const source = random.chance(0.5) ? victim.source(random) : foreignSource(random, victim)
    const timing = { beginMs, durationMs: random.between(30, 120) * MINUTES_MS, count: 25 + random.int(50) }
    return spread(random, timing, () => ({
      source,
      endpoint: random.chance(0.3) ? random.pick(victim.service.sensitive) : victim.endpoint(random),
      status: random.chance(0.1) ? 403 : 200,
    }))
  },
}
