/** What thieves call: the token's own routes, others of its service, guesses, and what is worth most. */
import type { Random } from '../../random.ts'
import { createEndpoint, type Endpoint, unroutedEndpoint } from '../endpoints.ts'
import type { Victim } from './scenario.ts'

export interface Curiosity {
  /** Shares of calls to other routes of the service and to sensitive ones; the rest are the token's own. */
  readonly other: number
  readonly sensitive: number
}

/** From those who use the token as it is used to those who look at everything. */
export function curiosity(random: Random): Curiosity {
  return random.pick([
    { other: 0, sensitive: 0 },
    { other: 0.15, sensitive: 0.05 },
    { other: 0.4, sensitive: 0.2 },
    { other: 0.3, sensitive: 0.6 },
  ])
}

export function lootRoute(random: Random, victim: Victim, { other, sensitive }: Curiosity, timeMs: number): Endpoint {
  const draw = random.next()
  if (draw < sensitive) return random.pick(victim.service.sensitive)
  if (draw < sensitive + other) {
    const isFar = random.chance(0.2)
    return random.pick((isFar ? random.pick(victim.world.services) : victim.service).endpoints)
  }
  return victim.work.endpoint(random, timeMs)
}

/** Routes with much in each answer, the token's own first. */
export function bulkRoutes(victim: Victim): readonly Endpoint[] {
  const isLarge = ({ kind, route }: Endpoint) => kind === 'collection' || route.endsWith('/download')
  const own = victim.work.usual.filter(isLarge)
  const all = [...victim.service.endpoints, ...victim.service.sensitive].filter(isLarge)
  return own.length > 0 ? own : all
}

const ROOTS = ['v1', 'v2', 'v3', 'api', 'internal', 'admin', 'private', 'debug', 'beta', 'old', 'rest', 'public']
const THINGS = (
  'accounts api-keys audit backups billing certificates clusters config contracts credentials customers dashboards ' +
  'databases devices domains employees exports features flags groups health invitations jobs keys licenses limits ' +
  'logs metrics migrations oauth passwords payments permissions policies profiles queues quotas refunds roles ' +
  'secrets sessions settings snapshots swagger teams tenants tokens transfers users vault webhooks env git actuator'
).split(' ')
const TAILS = ['', '/all', '/export', '/list', '/search', '/me', '/1', '/health', '/v1', '.json', '/config']

/** Paths that are guessed, all different. */
export function guesses(random: Random, { service }: Victim, count: number): readonly Endpoint[] {
  const paths = new Set<string>()
  while (paths.size < count) paths.add(`/${random.pick(ROOTS)}/${random.pick(THINGS)}${random.pick(TAILS)}`)
  return [...paths].map((path) => unroutedEndpoint(service.gateway, path))
}

/** A path of the service that names a tenant; whose, is said with the call. */
export function tenantRoutes({ service }: Victim): readonly Endpoint[] {
  const own = service.endpoints.filter(({ resource }) => resource === 'tenants')
  if (own.length > 0) return own
  return ['members', 'invoices', 'settings', 'projects'].map((thing) =>
    createEndpoint({
      gateway: service.gateway,
      method: 'GET',
      template: `${service.base}/tenants/{tenant:tenant}/${thing}`,
      kind: 'collection',
      resource: 'tenants',
      bytesTypical: 8_000,
      latencyTypicalMs: 70,
    }),
  )
}
