/**
 * Whether a token is used from two sources in turn: from one, then another, then the first again within half an hour.
 * A client that moved does not come back; a token that two people hold does.
 */
import type { AccessEvent } from '../event.ts'
import { MINUTE_MS } from '../settings.ts'
import { chainOf } from './dimension.ts'
import type { TokenProfile } from './profile.ts'

export const TURN_MS = 30 * MINUTE_MS
/** Sources remembered: those seen last. */
const SOURCES_MAX = 4

/** A source and when it was seen last. */
export interface RecentSource {
  /** Chain of the dimension network. */
  readonly chain: string
  readonly lastMs: number
}

/** `network` when the sources are of different networks, `address` when they are of one. */
export type Turn = 'network' | 'address'

/** The source from which the token was used in between, or undefined when the event is no return. */
export function turnOf(
  recent: readonly RecentSource[],
  event: AccessEvent,
): { readonly turn: Turn; readonly other: RecentSource } | undefined {
  const chain = chainOf('network', event)
  const own = recent.find((source) => source.chain === chain)
  if (own === undefined || event.timeMs < own.lastMs || event.timeMs > own.lastMs + TURN_MS) return undefined
  const others = recent.filter(({ lastMs }) => lastMs > own.lastMs && lastMs <= event.timeMs)
  const elsewhere = others.find((source) => networkOf(source.chain) !== networkOf(chain))
  if (elsewhere !== undefined) return { turn: 'network', other: elsewhere }
  return others[0] && { turn: 'address', other: others[0] }
}

/** Puts a source among those seen last: latest first, of equal times the greatest name, as tables of values keep them. */
export function seeSource(recent: RecentSource[], chain: string, timeMs: number): void {
  const at = recent.findIndex((source) => source.chain === chain)
  const lastMs = at < 0 ? timeMs : Math.max(timeMs, (recent[at] as RecentSource).lastMs)
  if (at === 0 && lastMs > (recent[1]?.lastMs ?? 0)) {
    recent[0] = { chain, lastMs }
    return
  }
  if (at >= 0) recent.splice(at, 1)
  recent.push({ chain, lastMs })
  recent.sort((a, b) => b.lastMs - a.lastMs || (a.chain > b.chain ? -1 : 1))
  if (recent.length > SOURCES_MAX) recent.length = SOURCES_MAX
}

/** Takes the sources seen last from the tables of values, which have all of them. */
export function resetSources({ recent, learned, held }: TokenProfile): void {
  recent.length = 0
  for (const { network } of [learned, held]) {
    for (const [chain, { lastMs }] of network) seeSource(recent, chain, lastMs)
  }
}

/** The network of a chain `country|network|prefix|address`. */
export function networkOf(chain: string): string {
  const start = chain.indexOf('|') + 1
  return chain.slice(start, chain.indexOf('|', start))
}
