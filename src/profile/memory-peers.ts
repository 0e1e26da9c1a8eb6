/**
 * Peers counted as the fold goes, for a replay without a database: which tenants know which values, as of the start of
 * the current ten minutes of event time. What is learned within them is seen by the next ones only, so that the order
 * of events within a window decides nothing.
 */
import type { AccessEvent } from '../event.ts'
import { MINUTE_MS } from '../settings.ts'
import { isUnauthenticated } from './dimension.ts'
import type { Novelty } from './novelty.ts'
import { type PeerSnapshot, type Reach, isShared } from './peers.ts'
import { createSurges } from './surges.ts'

const WINDOW_MS = 10 * MINUTE_MS
/** Tokens with fewer hours of history are still settling in: what is new to them is no change. */
const HOURS_MIN = 24

/** A number as it was when the window began, and as it is. */
interface Counter {
  window: number
  before: number
  now: number
}

export interface MemoryPeers extends PeerSnapshot {
  /** Takes in what a token learned for the first time, and moves time on. */
  learn(event: AccessEvent, firsts: readonly Novelty[]): void
}

export function createMemoryPeers(): MemoryPeers {
  const known = new Map<string, Counter>()
  const changes = new Map<string, Record<Reach, Counter>>()
  const surges = createSurges()
  let window = 0

  function add(counters: Map<string, Counter>, key: string): void {
    const counter = counters.get(key)
    if (counter === undefined) counters.set(key, { window, before: 0, now: 1 })
    else count(counter)
  }

  function count(counter: Counter): void {
    if (counter.window !== window) {
      counter.window = window
      counter.before = counter.now
    }
    counter.now++
  }

  function read(counter: Counter | undefined): number {
    if (counter === undefined) return 0
    return counter.window === window ? counter.before : counter.now
  }

  return {
    id: 'memory',
    reachOf(dimension, prefix, tenant) {
      if (read(known.get(`${dimension}\n${tenant}\n${prefix}`)) > 0) return 'tenant'
      return read(known.get(`${dimension}\n\n${prefix}`)) > 0 ? 'anyone' : 'nobody'
    },
    changesOf(dimension, level) {
      const of = changes.get(dimension + String(level))
      return { tenant: read(of?.tenant), anyone: read(of?.anyone), nobody: read(of?.nobody) }
    },
    surgeOf: (event) => surges.of(event),
    learn(event, firsts) {
      if (event.tokenId !== '' && !isUnauthenticated(event)) surges.learn(event)
      window = Math.max(window, Math.floor(event.timeMs / WINDOW_MS))
      for (const { dimension, level, levels, n, reach, bits } of firsts) {
        if (n >= HOURS_MIN && bits > 0) {
          const key = dimension + String(level)
          let of = changes.get(key)
          if (of === undefined) {
            of = { tenant: newCounter(), anyone: newCounter(), nobody: newCounter() }
            changes.set(key, of)
          }
          count(of[reach])
        }
        for (let at = level; at < levels.length && isShared(dimension, at); at++) {
          const prefix = levels.slice(0, at + 1).join('|') + (at < levels.length - 1 ? '|' : '')
          add(known, `${dimension}\n${event.tenant}\n${prefix}`)
          add(known, `${dimension}\n\n${prefix}`)
        }
      }
    },
  }

  function newCounter(): Counter {
    return { window, before: 0, now: 0 }
  }
}
