/**
 * Which registry a block sees, and what people did: as it stood some minutes before its `ingested_at`.
 *
 * A block that is processed again must find what it found before, by whichever process and however late. Versions are
 * kept, so any earlier state can be read; what remains is that a version must be visible before the first block asks
 * whether it is there. Hence a version counts only for blocks that begin `SETTLE_MS` after it was written, and the times
 * of versions are asked for again before a block begins for which those at hand may be incomplete.
 */
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import { MINUTE_MS } from '../settings.ts'
import { EMPTY_REGISTRY, type TokenRegistry } from './registered-token.ts'

/** From writing a version to the first block that sees it, by the clocks of both machines. */
export const SETTLE_MS = 3 * MINUTE_MS
/** A version is visible so long after its time: longer than any insert is waited for. */
const VISIBLE_MS = 90_000
/** A block that is made again asks for an earlier state than those beside it. */
const STATES_KEPT = 2

export interface VersionSource<T> {
  /** When versions were written, ascending, and what the clock says that named those times. */
  times(): Promise<{ readonly nowMs: number; readonly changesMs: readonly number[] }>
  /** The state with all versions up to then. */
  load(atMs: number): Promise<T>
}

export interface History<T> {
  /** The state for a block. Asks the source only where what is at hand does not tell. */
  at(ingestedAtMs: number): Promise<T>
}

export function createRegistryHistory(
  source: VersionSource<TokenRegistry>,
  onClockAhead: () => void,
): History<TokenRegistry> {
  return createHistory(source, EMPTY_REGISTRY, onClockAhead)
}

/**
 * @param empty the state before the first version.
 * @param onClockAhead told once: this machine's clock is so far ahead that a block made again may see more than it did.
 */
export function createHistory<T extends object>(
  source: VersionSource<T>,
  empty: T,
  onClockAhead: () => void,
): History<T> {
  const states = new LRUCache<number, T>({ max: STATES_KEPT })
  const oneAtATime = pLimit(1)
  let changesMs: readonly number[] = []
  /** All versions up to here are among `changesMs`. */
  let coveredMs = Number.NEGATIVE_INFINITY
  let isAhead = false

  async function cover(cutMs: number): Promise<void> {
    if (cutMs <= coveredMs) return
    const times = await source.times()
    changesMs = times.changesMs
    coveredMs = times.nowMs - VISIBLE_MS
    if (coveredMs >= cutMs) return
    coveredMs = cutMs
    if (!isAhead) onClockAhead()
    isAhead = true
  }

  async function stateOf(changeMs: number): Promise<T> {
    const known = states.get(changeMs)
    if (known !== undefined) return known
    const loaded = await source.load(changeMs)
    states.set(changeMs, loaded)
    return loaded
  }

  return {
    at: (ingestedAtMs) =>
      oneAtATime(async () => {
        const cutMs = ingestedAtMs - SETTLE_MS
        await cover(cutMs)
        const changeMs = changesMs.findLast((ms) => ms <= cutMs)
        return changeMs === undefined ? empty : stateOf(changeMs)
      }),
  }
}
