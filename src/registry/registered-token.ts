/** What the owners of the tokens know of them: who holds each, what it may do, and until when. */
import type { EventTimeMs, TokenId } from '../event.ts'

/** One token of the registry. Absent strings are '', absent times 0, absent scopes none. */
export interface RegisteredToken {
  readonly tokenId: TokenId
  readonly name: string
  readonly owner: string
  readonly tenant: string
  readonly service: string
  /** As the issuer writes them, such as `invoices:read`. */
  readonly scopes: readonly string[]
  readonly environment: string
  readonly createdAtMs: EventTimeMs
  readonly expiresAtMs: EventTimeMs
  readonly revokedAtMs: EventTimeMs
  /** Since when it is known to be in wrong hands. */
  readonly compromisedAtMs: EventTimeMs
  /** The token that this one took over from, '' for none. */
  readonly rotatedFrom: TokenId | ''
}

/** The tokens that are known by name. Looked at with every event. */
export interface TokenRegistry {
  /** 0: there is no registry, and nothing may be concluded from a token's absence. */
  readonly size: number
  of(tokenId: TokenId): RegisteredToken | undefined
  /** The token that was rotated in for this one. */
  successorOf(tokenId: TokenId): RegisteredToken | undefined
  /** Since when it is known to be in wrong hands, registered or not; 0 for no such thing. */
  compromisedAtMs(tokenId: TokenId): number
  /** Whether a registered token belongs to this tenant, by `plainName`. */
  hasTenant(tenant: string): boolean
}

export const EMPTY_REGISTRY: TokenRegistry = createRegistry([])

/**
 * A registry in memory. A token that stands twice is as it stands last; of several successors the last created counts.
 * @param marks when people say that a token fell into wrong hands: this wins over what the registry says of it.
 */
export function createRegistry(
  tokens: Iterable<RegisteredToken>,
  marks: ReadonlyMap<TokenId, number> = new Map(),
): TokenRegistry {
  const byId = new Map<TokenId, RegisteredToken>()
  for (const token of tokens) byId.set(token.tokenId, token)
  const successors = new Map<TokenId, RegisteredToken>()
  const tenants = new Set<string>()
  for (const token of byId.values()) {
    if (token.tenant !== '') tenants.add(plainName(token.tenant))
    if (token.rotatedFrom === '' || token.rotatedFrom === token.tokenId) continue
    const other = successors.get(token.rotatedFrom)
    if (other === undefined || token.createdAtMs > other.createdAtMs) successors.set(token.rotatedFrom, token)
  }
  // Each detector asks for the same token in turn.
  let last: { readonly tokenId: TokenId; readonly token: RegisteredToken | undefined } | undefined
  const of = (tokenId: TokenId) => {
    if (last === undefined || last.tokenId !== tokenId) last = { tokenId, token: byId.get(tokenId) }
    return last.token
  }
  return {
    size: byId.size,
    of,
    successorOf: (tokenId) => successors.get(tokenId),
    compromisedAtMs: (tokenId) => marks.get(tokenId) ?? of(tokenId)?.compromisedAtMs ?? 0,
    hasTenant: (tenant) => tenants.has(plainName(tenant)),
  }
}

/** Tokens that are looked back on: more rotations in a row without a single call are a mistake in a list. */
const PREDECESSORS_MAX = 8

/** What a token was rotated in for. */
export interface Rotation {
  /** Its predecessor, that one's predecessor, and so on. */
  readonly predecessors: readonly TokenId[]
  /** When the token was created: what these did from then on is their own. */
  readonly createdAtMs: number
}

/** Undefined where it took over from nobody, or nobody knows when. */
export function rotationOf(registry: Pick<TokenRegistry, 'of'>, tokenId: TokenId): Rotation | undefined {
  const token = registry.of(tokenId)
  if (token === undefined || token.rotatedFrom === '' || token.createdAtMs === 0) return undefined
  const chain = [tokenId]
  for (let from: TokenId | '' = token.rotatedFrom; from !== '' && !chain.includes(from);) {
    chain.push(from)
    if (chain.length > PREDECESSORS_MAX) break
    from = registry.of(from)?.rotatedFrom ?? ''
  }
  const predecessors = chain.slice(1)
  if (predecessors.length === 0) return undefined
  return { predecessors, createdAtMs: token.createdAtMs }
}

/** A name as people mean it: `Acme Corp` and `acme-corp` are one. */
export function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
}

/** Scopes that stand for everything. */
const BROAD_SCOPE = /(^|[:.])(\*|admin|all|root|owner|full[-_]?access|superuser)($|[:.])/i

/** Whether it may do nearly everything. */
export function isBroad(token: RegisteredToken): boolean {
  return token.scopes.some((scope) => BROAD_SCOPE.test(scope))
}

/** A broad, permanent or production token: whoever holds it can do more harm, or for longer. */
export function isPowerful(token: RegisteredToken): boolean {
  return isBroad(token) || token.expiresAtMs === 0 || /^prod/i.test(token.environment)
}
