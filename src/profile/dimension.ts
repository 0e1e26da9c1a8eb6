/** The dimensions of a token's habits, their place in the masks of an event row, and what an event may teach. */
import type { AccessEvent } from '../event.ts'
import { ROOT, type Vocabulary } from './vocabulary.ts'

/** In the order of their bits. The names are those of `token_values.dimension`. */
export const DIMENSIONS = ['network', 'route', 'agent', 'place', 'refused_route'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** Bits of the masks `learned`, `held` and `fresh` of an event row (docs/schema.md). */
export const MASK = {
  network: 1,
  route: 2,
  agent: 4,
  place: 8,
  refused_route: 16,
  counts: 32,
  errors: 64,
  /** A return to a source, from another network or from another address of the same one (turns.ts). */
  networkTurn: 128,
  addressTurn: 256,
} as const

/** The chain of a dimension: its levels joined by `|`, topmost first, exactly as the views of `sql/` join them. */
export function chainOf(dimension: Dimension, event: AccessEvent): string {
  if (dimension === 'network') {
    return `${originOf(event)}|${event.network}|${event.prefix}|${event.address}`
  }
  if (dimension === 'agent') return `${event.agent}|${event.agentVersion}`
  return dimension === 'place' ? event.place : `${event.service}|${event.route}|${event.method}`
}

/** The levels of the event's chain, topmost first. */
export function levelsOf(dimension: Dimension, event: AccessEvent): readonly string[] {
  if (dimension === 'network') return [originOf(event), event.network, event.prefix, event.address]
  if (dimension === 'agent') return [event.agent, event.agentVersion]
  return dimension === 'place' ? event.place.split('|') : [event.service, event.route, event.method]
}

/** The node of the event's chain, 0 where no profile knows it. */
export function nodeOf({ childOf, find }: Vocabulary, dimension: Dimension, event: AccessEvent): number {
  if (dimension === 'place') return find(ROOT.place, event.place)
  if (dimension === 'agent') return childOf(childOf(ROOT.agent, event.agent), event.agentVersion)
  if (dimension === 'network') {
    const network = childOf(childOf(ROOT.network, originOf(event)), event.network)
    return childOf(childOf(network, event.prefix), event.address)
  }
  return childOf(childOf(childOf(ROOT.route, event.service), event.route), event.method)
}

/** The topmost level of the network. */
function originOf({ country, sourceClass }: AccessEvent): string {
  return country || sourceClass
}

/** Refused as unauthenticated: no activity of the token's owner or of anyone who holds it. */
export function isUnauthenticated(event: AccessEvent): boolean {
  return event.status === 401
}

/** Refused because there were too many calls, whatever this one was. */
export function isRateLimited(event: AccessEvent): boolean {
  return event.status === 429
}

/** Refused in a way that counts towards errors or, if rate-limited, beside them. */
export function isRefused(event: AccessEvent): boolean {
  return event.status === 401 || event.status === 403 || event.status === 404 || isRateLimited(event)
}

/**
 * What the event could teach, as a mask. An unauthenticated call teaches nothing but error counts; a refused one never
 * teaches a route. A dimension that an event cannot teach is not inspected either: its surprise would never end.
 */
export function teachable(event: AccessEvent): number {
  if (isUnauthenticated(event)) return 0
  const refusedRoute = isRefused(event) || event.status === 405
  let mask: number = MASK.counts
  if (event.sourceClass !== 'none') mask |= MASK.network
  if (event.route !== '') mask |= refusedRoute ? MASK.refused_route : MASK.route
  if (event.agent !== '') mask |= MASK.agent
  if (event.place !== '') mask |= MASK.place
  return mask
}
