/** Peers counted as the fold goes: all that is known of them in a replay without a database. */
import { type PeerCount, createCountedPeers } from './counted-peers.ts'
import { isUnauthenticated } from './dimension.ts'
import type { PeerSnapshot } from './peers.ts'
import { type Surges, createSurges } from './surges.ts'

export type MemoryPeers = PeerSnapshot & PeerCount

/** @param surges how much peers call just now: of that nothing is stored, so what compares with a store does without. */
export function createMemoryPeers(surges: Surges = createSurges()): MemoryPeers {
  const counted = createCountedPeers()
  return {
    id: 'memory',
    get windowMs() {
      return counted.windowMs
    },
    reachOf: (dimension, prefix, tenant) => counted.reachOf(dimension, prefix, tenant),
    changesOf: (dimension, level) => counted.changesOf(dimension, level),
    surgeOf: (event) => surges.of(event),
    begin: (timeMs) => counted.begin(timeMs),
    learn(event, firsts) {
      if (event.tokenId !== '' && !isUnauthenticated(event)) surges.learn(event)
      counted.learn(event, firsts)
    },
  }
}
