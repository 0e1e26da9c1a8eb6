/**
 * What one source, an address, a prefix or a network, did with many tokens within an hour, and what it usually does.
 *
 * Time is counted in slots of ten minutes; the hour is the slot in hand and the five before it. Tokens are counted once
 * each, whatever the order of their calls, and only so many of them.
 */
import type { TokenId } from '../event.ts'
import { MINUTE_MS } from '../settings.ts'

export const SLOT_MS = 10 * MINUTE_MS
const SLOTS_PER_HOUR = 6
/** Tokens that a source remembers of each sort. */
export const TOKENS_MAX = 256
/** Companies of which a source remembers that they are at home there: from two on it is everybody's. */
export const COMPANIES_MAX = 2

/** A token that was refused where it was never seen. */
export interface Failure {
  slot: number
  /** 1 for 401; less for 403, which a client may also earn by what it asks for. */
  weight: number
  /** The token was never seen anywhere. */
  readonly isUnknown: boolean
}

/** A token that works where it was never seen. */
export interface Newcomer {
  readonly slot: number
  /** The source is a surprise to it: it has habits, and this is none of them. */
  readonly isSurprised: boolean
  readonly tenant: string
  readonly owner: string
  /** Undefined where that cannot be said. */
  readonly isNewClient: boolean | undefined
  /** The network that it came from. */
  readonly home: string
}

/** Sums over closed hours in which sources were active. */
export interface FailureSums {
  readonly hours: number
  readonly failed: number
  readonly failedSquares: number
}

export interface Source {
  /** The greatest slot seen. */
  slot: number
  failures: Map<TokenId, Failure> | undefined
  newcomers: Map<TokenId, Newcomer> | undefined
  /** Companies whose tokens have known it for more than a day. */
  companies: readonly string[]
  /** Its own closed hours. */
  sums: FailureSums
}

const NO_SUMS: FailureSums = { hours: 0, failed: 0, failedSquares: 0 }

export function createSource(slot: number): Source {
  return { slot, failures: undefined, newcomers: undefined, companies: [], sums: NO_SUMS }
}

/** Returns whether the source counts more now than it did. */
export function addFailure(source: Source, tokenId: TokenId, failure: Failure): boolean {
  source.failures ??= new Map()
  const known = source.failures.get(tokenId)
  if (known === undefined || !isWithinHour(source.slot, known.slot)) {
    return put(source.failures, source.slot, tokenId, failure)
  }
  const isMore = failure.weight > known.weight
  known.slot = Math.max(known.slot, failure.slot)
  known.weight = Math.max(known.weight, failure.weight)
  return isMore
}

/** Returns whether the source counts more now than it did. */
export function addNewcomer(source: Source, tokenId: TokenId, newcomer: Newcomer): boolean {
  source.newcomers ??= new Map()
  const known = source.newcomers.get(tokenId)
  if (known !== undefined && isWithinHour(source.slot, known.slot)) return false
  return put(source.newcomers, source.slot, tokenId, newcomer) && newcomer.isSurprised
}

export function addCompany(source: Source, company: string): void {
  if (source.companies.length >= COMPANIES_MAX || source.companies.includes(company)) return
  source.companies = [...source.companies, company]
}

function put<T extends { readonly slot: number }>(
  table: Map<TokenId, T>,
  nowSlot: number,
  tokenId: TokenId,
  entry: T,
): boolean {
  for (const [other, { slot }] of table) if (!isWithinHour(nowSlot, slot)) table.delete(other)
  if (table.size >= TOKENS_MAX) return false
  table.set(tokenId, entry)
  return true
}

/** Whether a slot lies within the hour that ends with `nowSlot`. */
export function isWithinHour(nowSlot: number, slot: number): boolean {
  return slot <= nowSlot && slot > nowSlot - SLOTS_PER_HOUR
}

export function slotOf(timeMs: number): number {
  return Math.floor(timeMs / SLOT_MS)
}

/** The last slot of the clock's hour in which a slot lies. */
export function hourEnd(slot: number): number {
  return (Math.floor(slot / SLOTS_PER_HOUR) + 1) * SLOTS_PER_HOUR - 1
}

export interface FailureTally {
  /** Sum of weights. */
  readonly failed: number
  readonly tokens: number
  /** Those of them that were never seen anywhere. */
  readonly unknown: number
}

/** The hour that ends with a slot, without one token. */
export function tallyFailures(source: Source, slot: number, except?: TokenId): FailureTally {
  const tally = { failed: 0, tokens: 0, unknown: 0 }
  for (const [tokenId, failure] of source.failures ?? []) {
    if (!isWithinHour(slot, failure.slot) || tokenId === except) continue
    tally.failed += failure.weight
    tally.tokens++
    if (failure.isUnknown) tally.unknown++
  }
  return tally
}

/** Tokens that were let in within the hour that ends with a slot, surprised or not, and were refused nothing. */
export function admittedTokens(source: Source, slot: number): readonly TokenId[] {
  const newcomers = [...(source.newcomers ?? [])].filter(([, newcomer]) => isWithinHour(slot, newcomer.slot))
  return newcomers.map(([tokenId]) => tokenId).filter((tokenId) => source.failures?.has(tokenId) !== true)
}

export interface NewcomerTally {
  readonly tokens: number
  /** Tenants, or owners where these are fewer: tokens of one of either are of one company. */
  readonly companies: number
  readonly tenants: readonly string[]
  /** Networks that they came from. */
  readonly homes: number
  /** Those of whom it is known whether their client is new to them, and those for whom it is. */
  readonly clients: number
  readonly newClients: number
}

/**
 * Surprised newcomers of the hour that ends with a slot, who are not of a company that is at home there.
 * @param more one who is not counted yet.
 */
export function tallyNewcomers(
  source: Source,
  slot: number,
  more?: { readonly tokenId: TokenId; readonly newcomer: Newcomer },
): NewcomerTally {
  const present = new Map<TokenId, Newcomer>()
  for (const [tokenId, newcomer] of source.newcomers ?? []) {
    if (newcomer.isSurprised && isWithinHour(slot, newcomer.slot)) present.set(tokenId, newcomer)
  }
  if (more !== undefined && !present.has(more.tokenId)) present.set(more.tokenId, more.newcomer)
  const all = [...present.values()].filter(({ tenant }) => !source.companies.includes(tenant))
  const tenants = [...new Set(all.map(({ tenant }) => tenant))].sort()
  const owners = new Set(all.map(({ tenant, owner }) => owner || `of ${tenant}`))
  return {
    tokens: all.length,
    companies: Math.min(tenants.length, owners.size),
    tenants,
    homes: new Set(all.map(({ home }) => home)).size,
    clients: all.filter(({ isNewClient }) => isNewClient !== undefined).length,
    newClients: all.filter(({ isNewClient }) => isNewClient === true).length,
  }
}
