/**
 * Whether a token is used from two sources in turn: from one, then another, then the first again within half an hour.
 * A client that moved does not come back; a token that two people hold does.
 */
import type { AccessEvent } from '../event.ts'
import { MINUTE_MS } from '../settings.ts'
import { takeInHand } from './in-hand.ts'
import type { SharedProfiles, TokenProfile } from './profile.ts'
import { findRow, lastSeenMs, nodeAt, sizeOf } from './values.ts'

export const TURN_MS = 30 * MINUTE_MS
/** Sources remembered: those seen last. */
const SOURCES_MAX = 4
/** Of the chain `country|network|prefix|address`. */
const NETWORK_LEVEL = 1

/** A source and when it was seen last. */
export interface RecentSource {
  /** Node of the dimension network. */
  readonly node: number
  readonly lastMs: number
}

/** `network` when the sources are of different networks, `address` when they are of one. */
export type Turn = 'network' | 'address'

/** The source from which the token was used in between, or undefined when the event is no return. */
export function turnOf(
  profile: TokenProfile,
  event: AccessEvent,
): { readonly turn: Turn; readonly other: RecentSource } | undefined {
  if (mayNotReturn(profile, event)) return undefined
  const node = takeInHand(profile, event).nodes.network
  const recent = recentSources(profile)
  const own = recent.find((source) => source.node === node)
  if (own === undefined || event.timeMs < own.lastMs || event.timeMs > own.lastMs + TURN_MS) return undefined
  const others = recent.filter(({ lastMs }) => lastMs > own.lastMs && lastMs <= event.timeMs)
  const elsewhere = others.find((source) => networkOf(profile, source.node) !== event.network)
  if (elsewhere !== undefined) return { turn: 'network', other: elsewhere }
  return others[0] && { turn: 'address', other: others[0] }
}

/** What is soon said of nearly all events: nobody was anywhere else since, or it is too late for a return. */
function mayNotReturn(profile: TokenProfile, event: AccessEvent): boolean {
  const { nodes, rows } = takeInHand(profile, event)
  const { learned, held } = profile
  const heldRow = nodes.network === 0 ? -1 : findRow(held.network, nodes.network)
  if (rows.network < 0 && heldRow < 0) return true
  // No row of a table was seen later than its first one.
  if (rows.network === 0 && sizeOf(held.network) === 0) return true
  const lastMs = Math.max(
    rows.network < 0 ? 0 : lastSeenMs(learned.network, rows.network),
    heldRow < 0 ? 0 : lastSeenMs(held.network, heldRow),
  )
  return event.timeMs < lastMs || event.timeMs > lastMs + TURN_MS
}

/** The sources seen last, learned or held: latest first, of equal times the greatest name. */
export function recentSources({ learned, held, shared }: TokenProfile): RecentSource[] {
  const recent: RecentSource[] = []
  for (const { network } of [learned, held]) {
    // New values are added at the end: from there on most others are too old.
    for (let row = sizeOf(network) - 1; row >= 0; row--) {
      const lastMs = lastSeenMs(network, row)
      const least = recent[SOURCES_MAX - 1]
      if (least === undefined || lastMs >= least.lastMs) addSource(recent, nodeAt(network, row), lastMs, shared)
    }
  }
  return recent
}

function addSource(recent: RecentSource[], node: number, lastMs: number, shared: SharedProfiles): void {
  const known = recent.findIndex((source) => source.node === node)
  if (known >= 0) {
    if ((recent[known] as RecentSource).lastMs >= lastMs) return
    recent.splice(known, 1)
  }
  const { chainText } = shared.vocabulary
  const isLater = (source: RecentSource) =>
    source.lastMs > lastMs || (source.lastMs === lastMs && chainText(source.node) > chainText(node))
  let at = recent.length
  while (at > 0 && !isLater(recent[at - 1] as RecentSource)) at--
  recent.splice(at, 0, { node, lastMs })
  if (recent.length > SOURCES_MAX) recent.length = SOURCES_MAX
}

/** The network of a source. */
export function networkOf({ shared: { vocabulary } }: TokenProfile, node: number): string {
  return vocabulary.levelText(vocabulary.ancestorAt(node, NETWORK_LEVEL))
}
