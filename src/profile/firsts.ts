/** What a token learned for the first time, as the event row carries it for the token's peers. */
import type { Dimension } from './dimension.ts'
import type { Novelty } from './novelty.ts'
import { type PeerSnapshot, REACHES, isShared, windowOf } from './peers.ts'

/** Tokens with fewer hours of history are still settling in: what is new to them is no change. */
const HOURS_MIN = 24

/** Whether a first sight counts as a change. */
export function isChange({ n, bits }: Pick<Novelty, 'n' | 'bits'>): boolean {
  return n >= HOURS_MIN && bits > 0
}

/** Where a dimension's four bits begin: 0 for nothing, else 1 + 4 level + (0 no change, or 1 + its place in REACHES). */
const SHIFT: Partial<Record<Dimension, number>> = { network: 0, route: 4, agent: 8 }

/** The columns of an event row (docs/schema.md). */
export interface PackedFirsts {
  readonly firsts: number
  readonly peerWindowMs: number
}

/** Of an event that teaches nothing. */
export const NOTHING_LEARNED = { learned: 0, held: 0, fresh: 0, firsts: 0, peerWindowMs: 0 } as const

/**
 * Packs the topmost new level of each dimension; sql/ says the same once more. Where no peers were asked how far the values
 * are known, none of it counts as a change.
 */
export function packFirsts(firsts: readonly Novelty[], timeMs: number, peers: PeerSnapshot): PackedFirsts {
  let packed = 0
  for (const first of firsts) {
    const { dimension, level, reach } = first
    const shift = SHIFT[dimension]
    if (shift === undefined || !isShared(dimension, level)) continue
    const counted = peers.id !== '' && isChange(first) ? 1 + REACHES.indexOf(reach) : 0
    packed |= (1 + 4 * level + counted) << shift
  }
  return { firsts: packed, peerWindowMs: peers.windowMs || windowOf(timeMs) }
}
