/** What the owners of the evaluation's tokens know of them; sometimes little, or nothing. */
import { DAY_MS } from '../../settings.ts'
import type { Random } from '../random.ts'
import type { Client } from './client.ts'
import type { HabitContext } from './habit.ts'
import type { TokenEntry } from './token-entry.ts'
import type { World } from './world.ts'

export function createEntry(context: HabitContext, environment: string): TokenEntry {
  const { random, world, tenant, service, name } = context
  const createdMs = world.startMs - Math.exp(random.between(Math.log(2), Math.log(900))) * DAY_MS
  return {
    token_id: tokenId(random, world, name),
    name,
    owner: random.chance(0.04) ? '' : `${random.pick(OWNERS)}@${tenant.name}.example`,
    tenant: tenant.name,
    service: service.name,
    scopes: [],
    environment,
    created_at: new Date(createdMs).toISOString(),
    expires_at: random.chance(0.07) ? null : timeText(world.startMs + (world.days + 3 + random.int(700)) * DAY_MS),
  }
}

const OWNERS = 'platform payments mobile data security growth ops integrations web finance partnerships'.split(' ')

/** What the token needs, or all that the service has; a few have none, or words that nobody can map to routes. */
export function grantScopes(random: Random, { token, work, service }: Client): void {
  const draw = random.next()
  if (draw < 0.04) return
  if (draw < 0.06) {
    token.scopes = [random.pick(['api', 'full_access', 'default'])]
    return
  }
  const isReader = work.reach.every(({ method }) => method === 'GET') && random.chance(0.75)
  const needed = work.reach.map(({ resource }) => resource)
  const resources = random.chance(0.5) ? needed : [...needed, ...service.resources]
  const rights = isReader ? ['read'] : ['read', 'write']
  token.scopes = [...new Set(resources)].flatMap((resource) => rights.map((right) => `${resource}:${right}`))
}

export function timeText(timeMs: number): string {
  return new Date(Math.floor(timeMs)).toISOString()
}

function tokenId(random: Random, { style }: World, name: string): string {
  const some = (alphabet: string, count: number) =>
    Array.from({ length: count }, () => alphabet.charAt(random.int(alphabet.length))).join('')
  if (style.tokenIds === 'fingerprint') return `tok_${some('abcdefghijklmnopqrstuvwxyz234567', 26)}`
  if (style.tokenIds === 'name') return `${name}.${some('0123456789', 5)}`
  const hex = some('0123456789abcdef', 32)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
