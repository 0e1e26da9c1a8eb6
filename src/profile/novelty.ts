/**
 * How surprising a value is that a token was never seen with, in bits.
 *
 * The model is Pitman-Yor's mass of the unseen, P(new) = (theta + delta k) / (n + theta), over time buckets rather than
 * calls: n buckets in which the token (or the parent of the value in its chain) was active, k of them those in which at
 * least one value was first seen (Pitman & Yor, 1997; Teh, 2006, for the predictive form). Only the topmost level that
 * is new pays, given its parent, and only once per bucket: a second new value in the same bucket is no new observation.
 */
import type { AccessEvent } from '../event.ts'
import { roundBits } from '../event.ts'
import { activeHours, activeHoursOn } from './activity.ts'
import { type Dimension, MASK, levelsOf } from './dimension.ts'
import {
  coveredSinceHour,
  familyOf,
  firstHours,
  firstsAt,
  hasNewSibling,
  hasPaid,
  knownLevels,
  pathOf,
} from './families.ts'
import { takeInHand } from './in-hand.ts'
import { type PeerSnapshot, type Reach, isShared, reachBits } from './peers.ts'
import type { TokenProfile } from './profile.ts'
import { hasMalicious, heldUnder, isAdopted, prefixOf, wasSeenToday } from './quarantine.ts'
import { ROOT } from './vocabulary.ts'

/** Concentration: what one bucket of history is set against. */
const THETA = 1
const DELTA_MIN = 0.05
const DELTA_MAX = 0.9
/** What a value in quarantine is worth on each further day, and a new value soon after another one beside it. */
const AGAIN_BITS_MAX = 4

export interface Novelty {
  readonly dimension: Dimension
  /** Index of the topmost new level in the chain. */
  readonly level: number
  /** The chain's levels. */
  readonly levels: readonly string[]
  /** 0 when this bucket has already paid for it. */
  readonly bits: number
  /** What it is worth by the token's own history alone, whatever was paid and told before. */
  readonly unseenBits: number
  /** What of the bits the peers add, or take away. */
  readonly peerBits: number
  readonly reach: Reach
  /** Hours in which the token was active; below the top of a chain, on days on which the parent was seen. */
  readonly n: number
  /** Buckets in which a value was first seen. */
  readonly k: number
  readonly delta: number
  /** Known values beside it, latest first, at most eight. */
  readonly siblings: readonly string[]
  readonly siblingCount: number
  /** The value is in quarantine: seen before, not adopted. */
  readonly held: boolean
  /** It goes on with what was told before: it is in quarantine, or another one came beside it within a day. */
  readonly isAgain: boolean
}

/** What is new about the event in this dimension, or undefined when all is known or the event cannot teach it. */
export function noveltyOf(
  profile: TokenProfile,
  dimension: Dimension,
  event: AccessEvent,
  peers: PeerSnapshot,
): Novelty | undefined {
  const hand = takeInHand(profile, event)
  const bit = MASK[dimension]
  if ((hand.teaches & hand.unknown & bit) === 0) return undefined
  if ((hand.measured & bit) === 0) {
    hand.measured |= bit
    hand.novelties[dimension] = measure(profile, dimension, event, peers)
  }
  return hand.novelties[dimension]
}

/** What is new about where the call came from, even if the call was refused and can teach nothing. */
export function sourceNoveltyOf(profile: TokenProfile, event: AccessEvent, peers: PeerSnapshot): Novelty | undefined {
  const { teaches, unknown } = takeInHand(profile, event)
  if ((teaches & MASK.network) !== 0) return noveltyOf(profile, 'network', event, peers)
  return (unknown & MASK.network) === 0 ? undefined : measure(profile, 'network', event, peers)
}

/** P(new) in bits. `n` and `k` are counts of buckets, k at most n. */
export function newValueBits(n: number, k: number): { bits: number; delta: number } {
  const delta = Math.min(DELTA_MAX, Math.max(DELTA_MIN, n < 2 || k < 1 ? 0 : Math.log(k) / Math.log(n)))
  return { bits: roundBits(-Math.log2((THETA + delta * k) / (n + THETA))), delta }
}

/** Measures a value that the token does not simply know. */
function measure(
  profile: TokenProfile,
  dimension: Dimension,
  event: AccessEvent,
  peers: PeerSnapshot,
): Novelty | undefined {
  const levels = levelsOf(dimension, event)
  const path = pathOf(profile, dimension, levels)
  const verdicts = profile.marks?.verdicts.get(dimension)
  const heldTable = profile.held[dimension]
  const held = heldUnder(heldTable, path)
  let level = knownLevels(profile.learned[dimension], path, verdicts)
  while (level < levels.length && isAdopted(profile, event, heldTable, held[level], verdicts)) level++
  if (level === levels.length) return undefined
  const isMalicious = hasMalicious(verdicts, levels, level)
  const seenHeld = held[level] ?? (isMalicious ? [] : undefined)
  if (hasPaid(profile, dimension, event, level, levels.length) || wasSeenToday(heldTable, seenHeld, event.timeMs)) {
    return { ...NOTHING_MORE, dimension, level, levels, held: seenHeld !== undefined }
  }
  const parent = level === 0 ? ROOT[dimension] : (path[level - 1] as number)
  const family = familyOf(profile.learned[dimension], parent, level)
  const anywhere = rateOfNew(profile, dimension, level)
  // A parent that is known for its one child says much, unless the token is known for children of many parents.
  const nLocal = level === 0 ? anywhere.n : activeHoursOn(profile.activity, family.days, anywhere.sinceHour)
  const kLocal = level === 0 ? anywhere.k : Math.min(firstHours(family.firstMs).size, nLocal)
  const local = { n: nLocal, k: kLocal, ...newValueBits(nLocal, kLocal) }
  const { n, k, delta, bits: unseenBits } = local.bits <= anywhere.bits ? local : anywhere
  const isAgain = !isMalicious && (seenHeld !== undefined || hasNewSibling(profile, dimension, event, parent, level))
  const prefix = prefixOf(levels, level)
  const reach = !isShared(dimension, level) ? 'nobody' : peers.reachOf(dimension, prefix, event.tenant)
  const peerBits = roundBits(reachBits(peers, dimension, level, reach))
  return {
    dimension,
    level,
    levels,
    n,
    k,
    delta,
    bits: Math.min(isAgain ? AGAIN_BITS_MAX : Number.POSITIVE_INFINITY, Math.max(0, unseenBits + peerBits)),
    unseenBits,
    peerBits,
    reach,
    siblings: family.latest,
    siblingCount: family.firstMs.size,
    held: seenHeld !== undefined,
    isAgain,
  }
}

/** How often a token shows new values of a level, whatever their parents: n active hours, k of them with a new one. */
export function rateOfNew(profile: TokenProfile, dimension: Dimension, level: number) {
  const firstMs = firstsAt(profile, dimension, level)
  const sinceHour = coveredSinceHour(profile, dimension, firstMs.size)
  const n = activeHours(profile.activity, sinceHour)
  const k = Math.min(firstHours(firstMs).size, n)
  return { n, k, sinceHour, ...newValueBits(n, k) }
}

/** A bucket that has paid: the value is new all the same. */
const NOTHING_MORE = {
  n: 0,
  k: 0,
  delta: 0,
  bits: 0,
  unseenBits: 0,
  peerBits: 0,
  reach: 'nobody',
  siblings: [],
  siblingCount: 0,
  isAgain: false,
} as const
