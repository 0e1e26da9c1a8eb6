/**
 * What peers know, counted as the fold goes: which tenants know which values, as of the start of the current ten minutes of
 * event time. What is learned within them is seen by the next ones only, so that the order of events within a window
 * decides nothing.
 */
import type { AccessEvent } from '../event.ts'
import type { Dimension } from './dimension.ts'
import { isChange } from './firsts.ts'
import type { Novelty } from './novelty.ts'
import { type PeerSnapshot, type Reach, isShared, windowOf } from './peers.ts'

/** A number as it was when the window began, and as it is. */
interface Counter {
  windowMs: number
  before: number
  now: number
}

/** What is counted as the fold goes. */
export interface PeerCount {
  /** Moves time on to an event that is about to be folded. */
  begin(timeMs: number): void
  /** Takes in what its token learned for the first time. */
  learn(event: AccessEvent, firsts: readonly Novelty[]): void
}

export interface CountedPeers extends Omit<PeerSnapshot, 'id' | 'surgeOf'>, PeerCount {
  /** Takes over changes that were counted in a window, the one in hand at the latest. */
  count(of: {
    readonly dimension: Dimension
    readonly level: number
    readonly reach: Reach
    readonly windowMs: number
    readonly changes: number
  }): void
  /** Forgets which values are known, not what was counted. */
  forgetValues(): void
}

export function createCountedPeers(): CountedPeers {
  const known = new Map<string, Counter>()
  const changes = new Map<string, Record<Reach, Counter>>()
  let windowMs = 0

  function countValue(key: string): void {
    const counter = known.get(key) ?? newCounter(windowMs)
    known.set(key, counter)
    count(counter, windowMs)
  }

  function changesAt(dimension: Dimension, level: number): Record<Reach, Counter> {
    const key = dimension + String(level)
    const create = () => newCounter(windowMs)
    const of = changes.get(key) ?? { tenant: create(), anyone: create(), nobody: create() }
    changes.set(key, of)
    return of
  }

  function begin(timeMs: number): void {
    windowMs = Math.max(windowMs, windowOf(timeMs))
  }

  return {
    get windowMs() {
      return windowMs
    },
    reachOf(dimension, prefix, tenant) {
      if (read(known.get(`${dimension}\n${tenant}\n${prefix}`), windowMs) > 0) return 'tenant'
      return read(known.get(`${dimension}\n\n${prefix}`), windowMs) > 0 ? 'anyone' : 'nobody'
    },
    changesOf(dimension, level) {
      const of = changes.get(dimension + String(level))
      const [tenant, anyone, nobody] = [
        read(of?.tenant, windowMs),
        read(of?.anyone, windowMs),
        read(of?.nobody, windowMs),
      ]
      return { tenant, anyone, nobody }
    },
    begin,
    learn(event, firsts) {
      begin(event.timeMs)
      for (const first of firsts) {
        const { dimension, level, levels, reach } = first
        if (isChange(first)) count(changesAt(dimension, level)[reach], windowMs)
        for (let at = level; at < levels.length && isShared(dimension, at); at++) {
          const prefix = levels.slice(0, at + 1).join('|') + (at < levels.length - 1 ? '|' : '')
          countValue(`${dimension}\n${event.tenant}\n${prefix}`)
          countValue(`${dimension}\n\n${prefix}`)
        }
      }
    },
    count(of) {
      const counter = changesAt(of.dimension, of.level)[of.reach]
      counter.now += of.changes
      if (of.windowMs < windowMs) counter.before += of.changes
    },
    forgetValues: () => known.clear(),
  }
}

function newCounter(windowMs: number): Counter {
  return { windowMs, before: 0, now: 0 }
}

function count(counter: Counter, windowMs: number): void {
  if (counter.windowMs !== windowMs) {
    counter.windowMs = windowMs
    counter.before = counter.now
  }
  counter.now++
}

function read(counter: Counter | undefined, windowMs: number): number {
  if (counter === undefined) return 0
  return counter.windowMs === windowMs ? counter.before : counter.now
}
