/**
 * Peers as the blocks of one log see them: of the log itself all that was learned before the window in hand, of other
 * logs what a snapshot holds. What is stored is looked up before a block is folded; the block's own lessons are counted.
 */
import { type PeerCount, createCountedPeers } from './counted-peers.ts'
import type { Dimension } from './dimension.ts'
import { NO_PEERS, type PeerSnapshot, type Reach, type ReachCounts } from './peers.ts'

/** Since when a value is known to the tokens of a tenant, or, with `isAsked` false, to those of tenants not asked for. */
export interface KnownSince {
  readonly dimension: Dimension
  readonly prefix: string
  readonly isAsked: boolean
  readonly tenant: string
  /** The window in which it was learned. */
  readonly windowMs: number
}

/** Changes of one sort, within a window. */
export interface CountedChanges {
  readonly dimension: Dimension
  readonly level: number
  readonly reach: Reach
  readonly windowMs: number
  readonly changes: number
}

export interface LogPeers extends PeerSnapshot, PeerCount {
  /** Another block begins: what the one before taught is stored by now, and looked up anew. */
  beginBlock(): void
  /** The block sees the snapshot of this time. */
  see(snapshotMs: number): void
  /** What the snapshot says that other logs met. */
  setOthers(changes: readonly Omit<CountedChanges, 'windowMs'>[]): void
  /** What was looked up for the block. */
  know(since: KnownSince): void
  /** 0 while the block sees none. */
  readonly snapshotMs: number
}

/** The windows in which a value was learned for the first time, by anyone and in the tenants that were asked for. */
interface Known {
  anyoneMs: number
  readonly tenantMs: Map<string, number>
}

const NONE: ReachCounts = { tenant: 0, anyone: 0, nobody: 0 }

/**
 * @param reachedMs the greatest event time of the log so far.
 * @param past what its tokens met so far.
 */
export function createLogPeers(reachedMs: number, past: readonly CountedChanges[]): LogPeers {
  const counted = createCountedPeers()
  counted.begin(reachedMs)
  for (const change of past) counted.count(change)
  const known = new Map<string, Known>()
  let others = new Map<string, Record<Reach, number>>()
  let snapshotMs = 0

  return {
    get id() {
      return `peers ${new Date(snapshotMs).toISOString()}`
    },
    get windowMs() {
      return counted.windowMs
    },
    get snapshotMs() {
      return snapshotMs
    },
    reachOf(dimension, prefix, tenant) {
      const own = counted.reachOf(dimension, prefix, tenant)
      const since = known.get(`${dimension}\n${prefix}`)
      const isKnown = (ms: number | undefined) => ms !== undefined && ms < counted.windowMs
      if (own === 'tenant' || isKnown(since?.tenantMs.get(tenant))) return 'tenant'
      if (own === 'nobody' && !isKnown(since?.anyoneMs)) return 'nobody'
      // Tokens without a tenant are of one that everybody belongs to.
      return tenant === '' ? 'tenant' : 'anyone'
    },
    changesOf(dimension, level) {
      const own = counted.changesOf(dimension, level)
      const { tenant, anyone, nobody } = others.get(dimension + String(level)) ?? NONE
      return { tenant: own.tenant + tenant, anyone: own.anyone + anyone, nobody: own.nobody + nobody }
    },
    // Of how much others call just now, nothing is stored.
    surgeOf: (event) => NO_PEERS.surgeOf(event),
    begin: (timeMs) => counted.begin(timeMs),
    learn: (event, firsts) => counted.learn(event, firsts),
    beginBlock() {
      counted.forgetValues()
      known.clear()
      others = new Map()
      snapshotMs = 0
    },
    see(timeMs) {
      snapshotMs = timeMs
    },
    setOthers(changes) {
      others = new Map()
      for (const { dimension, level, reach, changes: more } of changes) {
        const key = dimension + String(level)
        const counts = others.get(key) ?? { ...NONE }
        counts[reach] += more
        others.set(key, counts)
      }
    },
    know({ dimension, prefix, isAsked, tenant, windowMs }) {
      const key = `${dimension}\n${prefix}`
      const since = known.get(key) ?? { anyoneMs: Number.POSITIVE_INFINITY, tenantMs: new Map() }
      since.anyoneMs = Math.min(since.anyoneMs, windowMs)
      if (isAsked) since.tenantMs.set(tenant, windowMs)
      known.set(key, since)
    },
  }
}
