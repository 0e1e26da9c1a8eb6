/** The states of tokens at hand: a cache over ClickHouse, or, for a replay, all there is. */
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import type { TokenId } from './event.ts'
import type { TokenState } from './fold.ts'

/** Which stored findings belong to the past of a block that may have been stored in part. */
export interface Horizon {
  readonly topic: string
  readonly partition: number
  /** Findings of this partition from this offset on are not the past: the block gives them again. */
  readonly firstOffset: number
  /** Of the block: what people did counts from some minutes after it was done. */
  readonly ingestedAtMs: number
}

export interface TokenStates {
  /** Makes these tokens' states ready, and keeps them until they are released as often as they were acquired. */
  acquire(tokenIds: readonly TokenId[], horizon: Horizon): Promise<void>
  /** The state of an acquired token. */
  of(tokenId: TokenId): TokenState
  release(tokenIds: Iterable<TokenId>): void
  /** Releases states that may not say what is stored: who asks for them next gets them loaded anew. */
  discard(tokenIds: Iterable<TokenId>): void
  /** Forgets everything, acquired or not. */
  clear(): void
  readonly size: number
}

/**
 * Everything in memory, nothing ever dropped: for a replay over a file. A state is made when it is asked for, so that what
 * it takes from another one does not depend on how events are cut into blocks.
 */
export function createMemoryStates(
  create: (tokenId: TokenId, known: ReadonlyMap<TokenId, TokenState>) => TokenState,
): TokenStates {
  const states = new Map<TokenId, TokenState>()
  return {
    acquire: async () => {},
    of(tokenId) {
      let state = states.get(tokenId)
      if (state === undefined) states.set(tokenId, (state = create(tokenId, states)))
      return state
    },
    release: () => {},
    discard: () => {},
    clear: () => states.clear(),
    get size() {
      return states.size
    },
  }
}

/** Those used last. What is taken out goes on to be used, or is dropped by whoever took it. */
function createIdleStates(statesMax: number, drop: (state: TokenState) => void): LRUCache<TokenId, TokenState> {
  return new LRUCache({
    max: statesMax,
    dispose(state, _tokenId, reason) {
      if (reason === 'evict') drop(state)
    },
  })
}

/**
 * At most `statesMax` states, beside those in use by blocks that are not stored yet, which stay whatever their number.
 * @param load gives a state for every token asked for; of tokens without history an empty one.
 * @param drop called once with each state that nobody will ask for again.
 */
export function createCachedStates(
  load: (tokenIds: readonly TokenId[], horizon: Horizon) => Promise<ReadonlyMap<TokenId, TokenState>>,
  statesMax: number,
  drop: (state: TokenState) => void = () => {},
): TokenStates {
  const idle = createIdleStates(statesMax, drop)
  const inUse = new Map<TokenId, { state: TokenState; holds: number }>()
  // One load at a time: two partitions that meet the same token must share one state.
  const oneAtATime = pLimit(1)
  let generation = 0

  /** Holds the state if it is in memory. */
  function hold(tokenId: TokenId): boolean {
    const held = inUse.get(tokenId)
    const state = held?.state ?? idle.get(tokenId)
    if (state === undefined) return false
    idle.delete(tokenId)
    inUse.set(tokenId, { state, holds: (held?.holds ?? 0) + 1 })
    return true
  }

  async function acquireAll(tokenIds: readonly TokenId[], horizon: Horizon, askedIn: number): Promise<void> {
    // What waited for its turn while the states were cleared must not share those of the new epoch.
    if (askedIn !== generation) throw new StatesClearedError()
    // Held before the load is waited for: what other partitions release meanwhile may push idle states out.
    const missing = tokenIds.filter((tokenId) => !hold(tokenId))
    if (missing.length === 0) return
    const loaded = await load(missing, horizon)
    if (askedIn !== generation) loaded.forEach((state) => drop(state))
    if (askedIn !== generation) throw new StatesClearedError()
    for (const tokenId of missing) inUse.set(tokenId, { state: loadedOf(loaded, tokenId), holds: 1 })
  }

  function letGo(tokenIds: Iterable<TokenId>, onLast: (tokenId: TokenId, state: TokenState) => void): void {
    for (const tokenId of tokenIds) {
      const held = inUse.get(tokenId)
      if (held === undefined || --held.holds > 0) continue
      inUse.delete(tokenId)
      onLast(tokenId, held.state)
    }
  }

  return {
    acquire(tokenIds, horizon) {
      const askedIn = generation
      return oneAtATime(() => acquireAll(tokenIds, horizon, askedIn))
    },
    of(tokenId) {
      const held = inUse.get(tokenId)
      if (held === undefined) throw new StatesClearedError()
      return held.state
    },
    release: (tokenIds) => letGo(tokenIds, (tokenId, state) => idle.set(tokenId, state)),
    discard: (tokenIds) => letGo(tokenIds, (_tokenId, state) => drop(state)),
    clear() {
      generation++
      for (const state of [...idle.values(), ...Array.from(inUse.values(), (held) => held.state)]) drop(state)
      idle.clear()
      inUse.clear()
    },
    get size() {
      return idle.size + inUse.size
    },
  }
}

function loadedOf(loaded: ReadonlyMap<TokenId, TokenState>, tokenId: TokenId): TokenState {
  const state = loaded.get(tokenId)
  if (state === undefined) throw new Error('a token state that was asked for was not loaded')
  return state
}

/** The states were forgotten while they were waited for: the work that needed them belongs to an epoch that is over. */
export class StatesClearedError extends Error {
  override readonly name = 'StatesClearedError'
  constructor() {
    super('token states were cleared by a new epoch')
  }
}
