/** What an event teaches: what may be learned of it, what is held in quarantine, and what of it is new to the token. */
import type { AccessEvent } from '../event.ts'
import { DIMENSIONS, MASK, isUnauthenticated, teachable } from './dimension.ts'
import { type Novelty, noveltyOf } from './novelty.ts'
import type { PeerSnapshot } from './peers.ts'
import type { TokenProfile } from './profile.ts'
import { turnOf } from './turns.ts'

/** Dimensions whose surprise an event's own sum counts; a place says again what the network said. */
export const SUMMED = DIMENSIONS.filter((dimension) => dimension !== 'place' && dimension !== 'refused_route')

/**
 * Quarantine takes the whole event: while its incident stands at the quarantine bits or above, or when it brings a value
 * that is in quarantine already.
 */
export function masksOf(
  profile: TokenProfile,
  event: AccessEvent,
  isSuspect: boolean,
  peers: PeerSnapshot,
): { learned: number; held: number } {
  const teaches = teachable(event) | turnMask(profile, event)
  const isHeld = isSuspect || bringsHeld(profile, event, peers)
  return { learned: (isHeld ? 0 : teaches) | MASK.errors, held: isHeld ? teaches : 0 }
}

function bringsHeld(profile: TokenProfile, event: AccessEvent, peers: PeerSnapshot): boolean {
  return DIMENSIONS.some((dimension) => noveltyOf(profile, dimension, event, peers)?.held === true)
}

function turnMask(profile: TokenProfile, event: AccessEvent): number {
  if (isUnauthenticated(event) || event.sourceClass === 'none') return 0
  const found = turnOf(profile, event)
  if (found === undefined) return 0
  return found.turn === 'network' ? MASK.networkTurn : MASK.addressTurn
}

/** What the token is about to learn that it did not know. */
export function firstsOf(profile: TokenProfile, event: AccessEvent, learned: number, peers: PeerSnapshot): Novelty[] {
  const firsts: Novelty[] = []
  for (const dimension of SUMMED) {
    if ((learned & MASK[dimension]) === 0) continue
    const novelty = noveltyOf(profile, dimension, event, peers)
    if (novelty !== undefined) firsts.push(novelty)
  }
  return firsts
}
