/** The tokens of a simulated estate: names, owners and kinds, about thirty at first and variations of them beyond. */
import { DAY_MS } from '../settings.ts'
import { type Client, createClient, type RegistryEntry } from './client.ts'
import { type ClientKind, HABITS } from './habits/index.ts'
import { createRandom, type Random } from './random.ts'
import { SERVICES, type Service } from './services.ts'

export interface EstateOptions {
  readonly seed: number
  readonly tokens: number
  readonly days: number
  readonly startMs: number
}

/** The first ten hold one of each kind, so that a small estate has them all. */
const TOKENS: readonly (readonly [ClientKind, name: string])[] = [
  ['server', 'billing-export'],
  ['fleet', 'checkout-web'],
  ['mobile', 'ios-app-4411'],
  ['person', 'jonas.weber-browser'],
  ['ci', 'github-actions-deploy'],
  ['partner', 'logistics-partner-dhx'],
  ['batch', 'nightly-ledger-sync'],
  ['dual-stack', 'status-dashboard'],
  ['low-volume', 'tax-filing-script'],
  ['dormant', 'legacy-import-2024'],
  ['server', 'order-router'],
  ['fleet', 'search-indexer'],
  ['mobile', 'android-app-2207'],
  ['person', 'maria.santos-browser'],
  ['ci', 'gitlab-runner-e2e'],
  ['server', 'inventory-sync'],
  ['mobile', 'ios-app-5120'],
  ['fleet', 'recommendation-workers'],
  ['person', 'amelie.durand-browser'],
  ['partner', 'payments-partner-nordpay'],
  ['server', 'fraud-scorer'],
  ['mobile', 'android-app-3390'],
  ['batch', 'month-end-invoices'],
  ['server', 'webhook-relay'],
  ['fleet', 'media-transcoder'],
  ['mobile', 'ios-app-6018'],
  ['ci', 'buildkite-release'],
  ['person', 'kenji.tanaka-browser'],
  ['server', 'crm-connector'],
  ['mobile', 'android-app-7742'],
]

/** A token's traffic depends on the seed and its own place in the list, never on how many others there are. */
export function createEstate(options: EstateOptions): readonly Client<ClientKind>[] {
  const ordinals = new Map<ClientKind, number>()
  return Array.from({ length: options.tokens }, (_, index) => {
    const [kind, stem] = TOKENS[index % TOKENS.length] as (typeof TOKENS)[number]
    const ordinal = ordinals.get(kind) ?? 0
    ordinals.set(kind, ordinal + 1)
    const random = createRandom(options.seed, 'token', index)
    const service = SERVICES[(index * 7 + Math.floor(index / 4)) % SERVICES.length] as Service
    const name = index < TOKENS.length ? stem : variation(stem, index)
    const token = describe(random, name, service, options.startMs)
    const scale = Math.exp((index < TOKENS.length ? 0.15 : 0.5) * random.normal())
    const habit = HABITS[kind]({ random, ordinal, service, startMs: options.startMs, days: options.days })
    return createClient({ kind, token, service, habit, random, scale })
  })
}

function describe(random: Random, name: string, service: Service, startMs: number): RegistryEntry {
  const createdMs = startMs - (20 + random.int(600)) * DAY_MS
  return {
    token_id: tokenId(random),
    name,
    owner: `${name.split('-')[0]}@${service.tenant}.example`,
    tenant: service.tenant,
    service: service.name,
    // Some are granted more than they ever use.
    scopes: random.chance(0.4) ? [...scopesOf(service), 'reports:write'] : scopesOf(service),
    created_at: new Date(createdMs).toISOString(),
    expires_at: new Date(startMs + (90 + random.int(600)) * DAY_MS).toISOString(),
  }
}

/** What ordinary clients of the service call; its sensitive endpoints are granted to nobody. */
function scopesOf({ endpoints }: Service): string[] {
  const scopes = endpoints.map(({ method, route }) => {
    const resource = route.split('/')[2] ?? ''
    return `${resource}:${method === 'GET' || method === 'HEAD' ? 'read' : 'write'}`
  })
  return [...new Set(scopes)].sort()
}

/** In the form of a fingerprint: `tok_` and 26 characters of lower-case base32. */
function tokenId(random: Random): string {
  return `tok_${Array.from({ length: 26 }, () => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(random.int(32))).join('')}`
}

function variation(stem: string, index: number): string {
  return `${stem.replace(/-\d{4}$/, '')}-${1000 + index}`
}
