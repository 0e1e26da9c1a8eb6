/** What is asked of one event again and again before it is learned: answered once, for all detectors. */
import type { AccessEvent } from '../event.ts'
import { type Dimension, MASK, nodeOf, teachable } from './dimension.ts'
import type { Novelty } from './novelty.ts'
import type { TokenProfile } from './profile.ts'
import { findRow } from './values.ts'

export interface InHand {
  profile: TokenProfile | undefined
  event: AccessEvent | undefined
  /** What the event could teach (dimension.ts). */
  teaches: number
  /** Dimensions, as a mask, whose value the token does not simply know. */
  unknown: number
  /** Those of them whose novelty has been measured. */
  measured: number
  /** By dimension: the node of its chain, 0 where no profile knows it, and its row among the learned values, or -1. */
  readonly nodes: Record<Dimension, number>
  readonly rows: Record<Dimension, number>
  readonly novelties: Record<Dimension, Novelty | undefined>
}

export function createHand(): InHand {
  return {
    profile: undefined,
    event: undefined,
    teaches: 0,
    unknown: 0,
    measured: 0,
    nodes: { network: 0, route: 0, agent: 0, place: 0, refused_route: 0 },
    rows: { network: -1, route: -1, agent: -1, place: -1, refused_route: -1 },
    novelties: { network: undefined, route: undefined, agent: undefined, place: undefined, refused_route: undefined },
  }
}

/** The answers for this event, good until the profile changes. */
export function takeInHand(profile: TokenProfile, event: AccessEvent): InHand {
  const { hand } = profile.shared
  if (hand.event === event && hand.profile === profile) return hand
  hand.profile = profile
  hand.event = event
  hand.teaches = teachable(event)
  hand.unknown = 0
  hand.measured = 0
  lookUp(hand, profile, event, 'network')
  lookUp(hand, profile, event, 'route')
  lookUp(hand, profile, event, 'agent')
  lookUp(hand, profile, event, 'place')
  hand.nodes.refused_route = hand.nodes.route
  setRow(hand, profile, 'refused_route')
  return hand
}

/** Whether the token has learned the event's value. */
export function isLearned(profile: TokenProfile, event: AccessEvent, dimension: Dimension): boolean {
  return takeInHand(profile, event).rows[dimension] >= 0
}

/** Whether the token was met with the event's value, learned or in quarantine. */
export function isMet(profile: TokenProfile, event: AccessEvent, dimension: Dimension): boolean {
  const { nodes, rows } = takeInHand(profile, event)
  return rows[dimension] >= 0 || (nodes[dimension] !== 0 && findRow(profile.held[dimension], nodes[dimension]) >= 0)
}

/** The profile changes. */
export function letGo({ shared }: TokenProfile): void {
  shared.hand.event = undefined
}

function lookUp(hand: InHand, profile: TokenProfile, event: AccessEvent, dimension: Dimension): void {
  hand.nodes[dimension] = nodeOf(profile.shared.vocabulary, dimension, event)
  setRow(hand, profile, dimension)
}

function setRow(hand: InHand, { learned, marks, shared }: TokenProfile, dimension: Dimension): void {
  const node = hand.nodes[dimension]
  const row = node === 0 ? -1 : findRow(learned[dimension], node)
  hand.rows[dimension] = row
  if (row < 0) hand.unknown |= MASK[dimension]
  else if (marks?.verdicts.get(dimension)?.get(shared.vocabulary.chainText(node)) === 'malicious') {
    hand.unknown |= MASK[dimension]
  }
}
