/** A stolen token: used from another country and network, with another agent, on routes that the owner never calls. */
import { foreignSource, MINUTES_MS, type Scenario, spread } from './scenario.ts'

export const stolenToken: Scenario = {
  victims: ['server', 'partner', 'batch', 'fleet', 'mobile', 'person'],
  calls: (random, victim, beginMs) => {
    const source = foreignSource(random, victim)
    const timing = { beginMs, durationMs: random.between(90, 280) * MINUTES_MS, count: 60 + random.int(120) }
    return spread(random, timing, () => {
      const curious = random.chance(0.7)
      const endpoint = curious ? random.pick(victim.service.sensitive) : victim.endpoint(random)
      return { source, endpoint, status: curious && random.chance(0.2) ? 403 : 200 }
    })
  },
}
