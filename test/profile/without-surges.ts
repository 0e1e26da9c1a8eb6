/** Peers counted as a replay counts them, but for how much others call just now, of which nothing is stored. */
import { createCountedPeers } from '../../src/profile/counted-peers.ts'
import type { MemoryPeers } from '../../src/profile/memory-peers.ts'
import { NO_PEERS } from '../../src/profile/peers.ts'

export function peersWithoutSurges(): MemoryPeers {
  const counted = createCountedPeers()
  return {
    id: 'counted',
    get windowMs() {
      return counted.windowMs
    },
    reachOf: (...asked) => counted.reachOf(...asked),
    changesOf: (...asked) => counted.changesOf(...asked),
    surgeOf: (event) => NO_PEERS.surgeOf(event),
    begin: (timeMs) => counted.begin(timeMs),
    learn: (event, firsts) => counted.learn(event, firsts),
  }
}
