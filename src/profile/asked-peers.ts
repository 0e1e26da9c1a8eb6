/**
 * Which values the fold of some events may ask the peers about: so that they are looked up before it, all at once.
 *
 * More is asked for than is needed. Where all that a token brings is known to it, nothing is pushed out of its tables,
 * and nothing is asked; otherwise each value that it brings may turn out to be new, down to each level.
 */
import type { AccessEvent, TokenId } from '../event.ts'
import { monthOf } from './calendar.ts'
import { type Dimension, chainOf, nodeOf } from './dimension.ts'
import { isShared } from './peers.ts'
import type { TokenProfile } from './profile.ts'
import { findRow } from './values.ts'

export interface AskedValue {
  readonly prefix: string
  readonly tenant: string
}

/** Those of which peers know something. */
const ASKED: readonly Dimension[] = ['network', 'route', 'agent']

/**
 * @param profileOf of a token that brings one of the events.
 * @param isMarked whether people said something of the token, which may make a known value new to it.
 */
export function askedOf(
  events: readonly AccessEvent[],
  profileOf: (tokenId: TokenId) => TokenProfile,
  isMarked: (tokenId: TokenId) => boolean,
): AskedValue[] {
  const surprised = new Set<TokenId>()
  for (const event of events) {
    const { tokenId } = event
    if (tokenId === '' || surprised.has(tokenId)) continue
    if (isMarked(tokenId) || mayBeNew(profileOf(tokenId), event)) surprised.add(tokenId)
  }
  const asked: AskedValue[] = []
  const seen = new Set<string>()
  for (const event of events) {
    if (!surprised.has(event.tokenId)) continue
    const { tenant } = event
    for (const dimension of ASKED) {
      const chain = chainOf(dimension, event)
      const key = `${dimension}\n${tenant}\n${chain}`
      if (seen.has(key)) continue
      seen.add(key)
      for (const prefix of prefixesOf(dimension, chain)) asked.push({ prefix, tenant })
    }
  }
  return asked
}

/** A month that goes by takes values with it. */
function mayBeNew(profile: TokenProfile, event: AccessEvent): boolean {
  if (monthOf(event.timeMs) !== monthOf(profile.nowMs)) return true
  const { learned, shared } = profile
  return ASKED.some((dimension) => findRow(learned[dimension], nodeOf(shared.vocabulary, dimension, event)) < 0)
}

/** The chain down to each level that peers are asked about, as `reachOf` is asked. */
function prefixesOf(dimension: Dimension, chain: string): string[] {
  const levels = chain.split('|')
  const prefixes: string[] = []
  for (let at = 0; at < levels.length && isShared(dimension, at); at++) {
    prefixes.push(levels.slice(0, at + 1).join('|') + (at < levels.length - 1 ? '|' : ''))
  }
  return prefixes
}
