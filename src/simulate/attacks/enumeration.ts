/** Enumeration: some hundred different paths within minutes, most of them refused or not there. */
import type { Random } from '../random.ts'
import type { Endpoint } from '../services.ts'
import { foreignSource, MINUTES_MS, type Scenario, spread } from './scenario.ts'

const ROOTS = ['/v1', '/v2', '/api', '/internal', '/admin', '/private', '/debug', '/beta']
const NOUNS = (
  'accounts api-keys audit backups billing certificates clusters config contracts credentials customers dashboards ' +
  'databases devices domains employees exports features flags graphql groups health invitations jobs keys licenses ' +
  'limits logs metrics migrations oauth passwords payments permissions policies profiles queues quotas refunds roles ' +
  'secrets sessions settings snapshots swagger teams tenants tokens transfers users vault webhooks'
).split(' ')
const TAILS = ['', '/all', '/export', '/list', '/search', '/me']

export const enumeration: Scenario = {
  victims: ['partner', 'person', 'server', 'mobile'],
  calls: (random, victim, beginMs) => {
    const source = random.chance(0.5) ? foreignSource(random, victim) : victim.source(random)
    const endpoints = distinctEndpoints(random, 250 + random.int(250))
    const timing = { beginMs, durationMs: random.between(15, 40) * MINUTES_MS, count: endpoints.length }
    return spread(random, timing, (index) => {
      const draw = random.next()
      const status = draw < 0.55 ? 404 : draw < 0.9 ? 403 : 200
      return { source, endpoint: endpoints[index] as Endpoint, status }
    })
  },
}

/** A gateway knows no route for these, so their events carry a path only. */
function distinctEndpoints(random: Random, count: number): readonly Endpoint[] {
  const paths = new Set<string>()
  while (paths.size < count) paths.add(random.pick(ROOTS) + '/' + random.pick(NOUNS) + random.pick(TAILS))
  return [...paths].map((route) => ({ method: 'GET', route, bytesTypical: 160, latencyTypicalMs: 12, unrouted: true }))
}
