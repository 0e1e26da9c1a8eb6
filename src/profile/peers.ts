/**
 * What other tokens do, as a snapshot of a closed earlier time, and what it says about a value that is new to one token.
 *
 * A new value is weighed by how far it is known: among the tokens of the same tenant, to anyone, or to nobody. The bits
 * are a likelihood ratio, log2 P(reach | attack) / P(reach | change without an attack). The second is counted: of the
 * new values that tokens with a history met and that raised nothing. The first is a prior per level (ATTACK_REACH): a
 * thief brings an address of his own, uses common tools, and calls routes that others call too.
 */
import type { AccessEvent } from '../event.ts'
import { MINUTE_MS } from '../settings.ts'
import type { Dimension } from './dimension.ts'
import { NO_SURGE, type Surge } from './surges.ts'

export const REACHES = ['tenant', 'anyone', 'nobody'] as const
/** To whom a value is known. */
export type Reach = (typeof REACHES)[number]

export type ReachCounts = Readonly<Record<Reach, number>>

/** What is learned within a window of event time is known from the next one on. */
const WINDOW_MS = 10 * MINUTE_MS

/** The start of the window in which a time lies. */
export function windowOf(timeMs: number): number {
  return Math.floor(timeMs / WINDOW_MS) * WINDOW_MS
}

export interface PeerSnapshot {
  /** Names the snapshot in findings, '' for none. */
  readonly id: string
  /** The start of the window as of which it answers, 0 for none. */
  readonly windowMs: number
  /** @param prefix of the chain down to the level in question. */
  reachOf(dimension: Dimension, prefix: string, tenant: string): Reach
  /** New values met so far at this level by how far they were known. */
  changesOf(dimension: Dimension, level: number): ReachCounts
  /** How much more or less than usual the callers of the event's service, or its tenant, do just now. */
  surgeOf(event: AccessEvent): Surge
}

const NO_CHANGES: ReachCounts = { tenant: 0, anyone: 0, nobody: 0 }

export const NO_PEERS: PeerSnapshot = {
  id: '',
  windowMs: 0,
  reachOf: () => 'nobody',
  changesOf: () => NO_CHANGES,
  surgeOf: () => NO_SURGE,
}

/** Of how far an attacker's new value is known, by dimension and level. Priors. */
const ATTACK_REACH: Readonly<Record<string, ReachCounts>> = {
  network0: { tenant: 0.2, anyone: 0.5, nobody: 0.3 },
  network1: { tenant: 0.1, anyone: 0.4, nobody: 0.5 },
  network2: { tenant: 0.05, anyone: 0.15, nobody: 0.8 },
  agent0: { tenant: 0.25, anyone: 0.5, nobody: 0.25 },
  agent1: { tenant: 0.2, anyone: 0.4, nobody: 0.4 },
  route0: { tenant: 0.4, anyone: 0.4, nobody: 0.2 },
  route1: { tenant: 0.4, anyone: 0.3, nobody: 0.3 },
  route2: { tenant: 0.4, anyone: 0.3, nobody: 0.3 },
}

/** Levels that peers are asked about: single addresses and places tell nothing. */
export function isShared(dimension: Dimension, level: number): boolean {
  return ATTACK_REACH[dimension + String(level)] !== undefined
}

/**
 * Of how many attacks in all a new value of the dimension is to be expected, in bits: a thief comes from somewhere else,
 * but mostly calls what is called anyway, so one theft in four brings a new endpoint. A prior.
 */
const ATTACK_BITS: Partial<Record<Dimension, number>> = { route: -2 }

/** How many changes the prior weighs as much as. */
const PRIOR_CHANGES = 20
const BITS_MIN = -6
const BITS_MAX = 4

/** Bits that the reach of a new value adds to its surprise, or takes from it. 0 without peers. */
export function reachBits(peers: PeerSnapshot, dimension: Dimension, level: number, reach: Reach): number {
  const attack = ATTACK_REACH[dimension + String(level)]
  if (attack === undefined) return 0
  const changes = peers.changesOf(dimension, level)
  const total = changes.tenant + changes.anyone + changes.nobody
  const benign = (changes[reach] + PRIOR_CHANGES * attack[reach]) / (total + PRIOR_CHANGES)
  const newBits = peers.id === '' ? 0 : (ATTACK_BITS[dimension] ?? 0)
  return Math.min(BITS_MAX, Math.max(BITS_MIN, newBits + Math.log2(attack[reach] / benign)))
}
