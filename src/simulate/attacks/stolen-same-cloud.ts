/** A stolen token used from the owner's own cloud and region: only the prefix, the library and the routes differ. */
import { anyAddress } from '../networks.ts'
import { MINUTES_MS, type Scenario, spread } from './scenario.ts'

export const stolenSameCloud: Scenario = {
  victims: ['fleet'],
  hard: true,
  calls: (random, victim, beginMs) => {
    const cloud = victim.networks[0]
    const userAgent = 'python-urllib3/2.2.1'
    if (cloud === undefined) return []
    const source = { ip: anyAddress(random, { ...cloud, prefixes: cloud.prefixes.slice(-2) }), userAgent }
    const timing = { beginMs, durationMs: random.between(60, 200) * MINUTES_MS, count: 40 + random.int(60) }
    return spread(random, timing, () => {
      const curious = random.chance(0.5)
      const endpoint = curious ? random.pick(victim.service.sensitive) : victim.endpoint(random)
      return { source, endpoint, status: curious && random.chance(0.1) ? 403 : 200 }
    })
  },
}
