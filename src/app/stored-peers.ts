/** Peers as ClickHouse keeps them: what a block may ask is looked up before it is folded, under a snapshot that holds. */
import { LRUCache } from 'lru-cache'
import { type Actions, NO_ACTIONS } from '../alert/actions.ts'
import type { Block } from '../block.ts'
import type { AccessEvent } from '../event.ts'
import type { PeerBlocks } from '../pipeline.ts'
import { type AskedValue, askedOf } from '../profile/asked-peers.ts'
import type { PeerCount } from '../profile/counted-peers.ts'
import { type LogPeers, createLogPeers } from '../profile/log-peers.ts'
import { NO_PEERS, type PeerSnapshot, windowOf } from '../profile/peers.ts'
import { DAY_MS } from '../settings.ts'
import type { Database } from '../store/database.ts'
import { type PeersTaken, loadLogPeers, lookUpPeers, readPeerSnapshot, takePeerSnapshot } from '../store/peers.ts'
import { StatesClearedError, type TokenStates } from '../token-states.ts'

/** What is so far behind sees the others day by day: what is caught up with would need a snapshot for each window. */
const BEHIND_MS_MAX = DAY_MS
const SNAPSHOTS_KEPT = 50
/** Of prefixes and tenants in one question: a parameter is at most 128 KiB, escapes included. */
const BYTES_PER_QUESTION = 48 * 1024

export interface StoredPeers {
  /** Of the block in hand. */
  readonly peers: PeerSnapshot & PeerCount
  /**
   * @param around each question to the database, for those who try again.
   * @param actions what people did, as the blocks see it.
   */
  readonly blocksOf: (db: Database, around?: <T>(ask: () => Promise<T>) => Promise<T>, actions?: Actions) => PeerBlocks
  /** Forgets everything, because another epoch begins. */
  clear(): void
}

/** A log, its latest block, and what was looked up for that: tenants and prefixes. */
interface Log {
  readonly peers: LogPeers
  block: Block | undefined
  readonly asked: Set<string>
}

export function createStoredPeers(): StoredPeers {
  const logs = new Map<string, Log>()
  const snapshots = new LRUCache<number, PeersTaken>({ max: SNAPSHOTS_KEPT })
  let generation = 0
  let inHand: LogPeers | undefined

  return {
    peers: {
      get id() {
        return inHand?.id ?? ''
      },
      get windowMs() {
        return inHand?.windowMs ?? 0
      },
      reachOf: (...asked) => (inHand ?? NO_PEERS).reachOf(...asked),
      changesOf: (...asked) => (inHand ?? NO_PEERS).changesOf(...asked),
      surgeOf: (event) => (inHand ?? NO_PEERS).surgeOf(event),
      begin: (timeMs) => inHand?.begin(timeMs),
      learn: (event, firsts) => inHand?.learn(event, firsts),
    },
    blocksOf: (db, around = (ask) => ask(), actions = NO_ACTIONS) => ({
      async prepare(block, events, states) {
        const askedIn = generation
        const log = usable(logs.get(placeOf(block)), block) ?? (await around(() => openLog(db, block)))
        if (askedIn !== generation) throw new StatesClearedError()
        logs.set(placeOf(block), log)
        beginBlock(log, block)
        const asked = newlyAsked(log, block, events, states, actions)
        if (asked.length === 0) return
        const { peers } = log
        const { snapshotMs } = peers
        const taken = snapshots.get(snapshotMs) ?? (await around(() => snapshotAt(db, snapshotMs)))
        snapshots.set(snapshotMs, taken)
        peers.setOthers(
          taken.changes.filter(({ topic, partition }) => topic !== block.topic || partition !== block.partition),
        )
        for (const question of questionsOf(asked)) {
          for (const since of await around(() => lookUpPeers(db, snapshotMs, block, question))) peers.know(since)
        }
      },
      begin(block) {
        inHand = logs.get(placeOf(block))?.peers
      },
    }),
    clear() {
      generation++
      logs.clear()
      inHand = undefined
    },
  }
}

function placeOf({ topic, partition }: Block): string {
  return `${topic}/${partition}`
}

/** A block that was made again may have landed before, when the log was opened: what was counted then is not trusted. */
function usable(log: Log | undefined, block: Block): Log | undefined {
  return log?.block?.isRetry === true && log.block !== block ? undefined : log
}

async function openLog(db: Database, block: Block): Promise<Log> {
  const { reachedMs, changes } = await loadLogPeers(db, block)
  return { peers: createLogPeers(reachedMs, changes), block: undefined, asked: new Set() }
}

function beginBlock(log: Log, block: Block): void {
  if (log.block === block) return
  log.block = block
  log.asked.clear()
  log.peers.beginBlock()
}

/** What the events may ask that was not looked up for the block. Its first event says which snapshot the block sees. */
function newlyAsked(
  { peers, asked }: Log,
  block: Block,
  events: readonly AccessEvent[],
  states: TokenStates,
  actions: Actions,
): AskedValue[] {
  const [first] = events
  if (first === undefined) return []
  if (peers.snapshotMs === 0) {
    const windowMs = Math.max(peers.windowMs, windowOf(first.timeMs))
    const isBehind = windowMs < block.ingestedAtMs - BEHIND_MS_MAX
    peers.see(isBehind ? Math.floor(windowMs / DAY_MS) * DAY_MS : windowMs)
  }
  const profileOf = (tokenId: AccessEvent['tokenId']) => states.of(tokenId).profile
  const isMarked = (tokenId: AccessEvent['tokenId']) => actions.marksOf(tokenId) !== undefined
  const keyOf = ({ prefix, tenant }: AskedValue) => `${tenant}\n${prefix}`
  const newly = askedOf(events, profileOf, isMarked).filter((value) => !asked.has(keyOf(value)))
  for (const value of newly) asked.add(keyOf(value))
  return newly
}

async function snapshotAt(db: Database, timeMs: number): Promise<PeersTaken> {
  return (await readPeerSnapshot(db, timeMs)) ?? takePeerSnapshot(db, timeMs)
}

/** Cut so that each fits into the parameters of a query. */
function* questionsOf(asked: readonly AskedValue[]) {
  let [prefixes, tenants] = [new Set<string>(), new Set<string>()]
  let bytes = 0
  for (const { prefix, tenant } of asked) {
    const more = Buffer.byteLength(JSON.stringify([prefix, tenant]))
    if (bytes > 0 && bytes + more > BYTES_PER_QUESTION) {
      yield { prefixes: [...prefixes], tenants: [...tenants] }
      ;[prefixes, tenants, bytes] = [new Set(), new Set(), 0]
    }
    prefixes.add(prefix)
    tenants.add(tenant)
    bytes += more
  }
  if (bytes > 0) yield { prefixes: [...prefixes], tenants: [...tenants] }
}
