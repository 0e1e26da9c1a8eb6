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
import { DAY_MS } from '../settings.ts'
import { activeHours, activeHoursOn } from './activity.ts'
import { hourOf } from './calendar.ts'
import { type Dimension, MASK, chainOf, teachable } from './dimension.ts'
import { type PeerSnapshot, type Reach, isShared, reachBits } from './peers.ts'
import type { TokenProfile } from './profile.ts'
import { hasMalicious, heldUnder, isAdopted, wasSeenToday } from './quarantine.ts'
import { type ValueEntry, addDays } from './values.ts'

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
  if ((teachable(event) & MASK[dimension]) === 0) return undefined
  const { answers } = profile
  if (answers.event !== event) {
    answers.event = event
    answers.novelty.clear()
  }
  if (answers.novelty.has(dimension)) return answers.novelty.get(dimension)
  const found = measure(profile, dimension, event, peers)
  answers.novelty.set(dimension, found)
  return found
}

/** What is new about where the call came from, even if the call was refused and can teach nothing. */
export function sourceNoveltyOf(profile: TokenProfile, event: AccessEvent, peers: PeerSnapshot): Novelty | undefined {
  const teaches = (teachable(event) & MASK.network) !== 0
  return teaches ? noveltyOf(profile, 'network', event, peers) : measure(profile, 'network', event, peers)
}

/** P(new) in bits. `n` and `k` are counts of buckets, k at most n. */
export function newValueBits(n: number, k: number): { bits: number; delta: number } {
  const delta = Math.min(DELTA_MAX, Math.max(DELTA_MIN, n < 2 || k < 1 ? 0 : Math.log(k) / Math.log(n)))
  return { bits: roundBits(-Math.log2((THETA + delta * k) / (n + THETA))), delta }
}

function measure(
  profile: TokenProfile,
  dimension: Dimension,
  event: AccessEvent,
  peers: PeerSnapshot,
): Novelty | undefined {
  const chain = chainOf(dimension, event)
  const learned = profile.learned[dimension]
  const verdicts = profile.marks?.verdicts.get(dimension)
  if (learned.has(chain) && verdicts?.get(chain) !== 'malicious') return undefined
  const levels = chain.split('|')
  const prefixes = levels.map((_, at) => levels.slice(0, at + 1).join('|') + (at < levels.length - 1 ? '|' : ''))
  let level = 0
  for (const value of learned.keys()) {
    if (verdicts?.get(value) === 'malicious') continue
    while (level < levels.length - 1 && value.startsWith(prefixes[level] as string)) level++
  }
  const held = heldUnder(profile, dimension, prefixes)
  while (level < levels.length && isAdopted(profile, event, held[level], verdicts)) level++
  if (level === levels.length) return undefined
  const isMalicious = hasMalicious(verdicts, prefixes, level)
  const seenHeld = held[level] ?? (isMalicious ? [] : undefined)
  if (hasPaid(profile, dimension, event, level, levels.length) || wasSeenToday(seenHeld, event.timeMs)) {
    return { ...NOTHING_MORE, dimension, level, levels, held: seenHeld !== undefined }
  }
  const family = familyOf(learned, level === 0 ? '' : (prefixes[level - 1] as string), level)
  const anywhere = rateOfNew(profile, dimension, level)
  // A parent that is known for its one child says much, unless the token is known for children of many parents.
  const nLocal = level === 0 ? anywhere.n : activeHoursOn(profile.activity, family.days, anywhere.sinceHour)
  const kLocal = level === 0 ? anywhere.k : Math.min(firstHours(family.firstMs).size, nLocal)
  const local = { n: nLocal, k: kLocal, ...newValueBits(nLocal, kLocal) }
  const { n, k, delta, bits: unseenBits } = local.bits <= anywhere.bits ? local : anywhere
  const isAgain = !isMalicious && (seenHeld !== undefined || hasNewSibling(profile, dimension, event, prefixes, level))
  const prefix = prefixes[level] as string
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

/** Whether a value of this level was first seen in this hour, whatever its parent: the hour has paid for its new value. */
function hasPaid(
  profile: TokenProfile,
  dimension: Dimension,
  event: AccessEvent,
  level: number,
  depth: number,
): boolean {
  const hour = hourOf(event.timeMs)
  const tables = [profile.learned[dimension], profile.held[dimension]]
  const entered: string[] = []
  for (const table of tables) {
    for (const [value, { enteredAtMs }] of table) {
      if (hourOf(enteredAtMs) !== hour) continue
      if (level === depth - 1) return true
      entered.push(prefixOf(value, level))
    }
  }
  return entered.some((prefix) =>
    tables.every((table) => {
      for (const [value, { enteredAtMs }] of table) {
        if (hourOf(enteredAtMs) < hour && prefixOf(value, level) === prefix) return false
      }
      return true
    }),
  )
}

/**
 * The hour from which on a table remembers every value of a level that it met. One that is full of different ones has
 * forgotten those last seen before its oldest: were earlier hours counted without them, each new value of a token that
 * always has new ones would be a surprise. A table full of one value's children does remember that value.
 */
function coveredSinceHour(profile: TokenProfile, dimension: Dimension, known: number): number {
  const table = profile.learned[dimension]
  const { valuesMax } = profile.settings
  if (table.size < valuesMax || known * 2 < valuesMax) return 0
  let oldestMs = Number.POSITIVE_INFINITY
  for (const { lastMs } of table.values()) oldestMs = Math.min(oldestMs, lastMs)
  return hourOf(oldestMs)
}

/**
 * When each value of a level, whatever its parent, was first seen. Those in quarantine count: whatever they mean, the
 * token shows new values now, and each has paid for itself.
 */
function firstsAt(profile: TokenProfile, dimension: Dimension, level: number): Map<string, number> {
  const firstMs = new Map<string, number>()
  for (const table of [profile.learned[dimension], profile.held[dimension]]) {
    for (const [value, { enteredAtMs }] of table) {
      const prefix = prefixOf(value, level)
      const first = firstMs.get(prefix)
      if (first === undefined || enteredAtMs < first) firstMs.set(prefix, enteredAtMs)
    }
  }
  return firstMs
}

/** Whether another value of the same parent was first seen within the day before, but not when the parent was. */
function hasNewSibling(
  profile: TokenProfile,
  dimension: Dimension,
  event: AccessEvent,
  prefixes: readonly string[],
  level: number,
): boolean {
  const parent = level === 0 ? '' : (prefixes[level - 1] as string)
  const firstMs = new Map<string, number>()
  let parentMs = Number.POSITIVE_INFINITY
  for (const table of [profile.learned[dimension], profile.held[dimension]]) {
    for (const [value, { enteredAtMs }] of table) {
      if (!value.startsWith(parent)) continue
      parentMs = Math.min(parentMs, enteredAtMs)
      const prefix = prefixOf(value, level)
      firstMs.set(prefix, Math.min(enteredAtMs, firstMs.get(prefix) ?? enteredAtMs))
    }
  }
  for (const ms of firstMs.values()) {
    if (ms > event.timeMs - DAY_MS && ms <= event.timeMs && ms !== parentMs) return true
  }
  return false
}

/** Hours in which a value first appeared, of those that lie within the window. */
function firstHours(firstMs: ReadonlyMap<string, number>): Set<number> {
  const hours = new Set<number>()
  for (const ms of firstMs.values()) if (ms > 0) hours.add(hourOf(ms))
  return hours
}

/** The known values under a parent: when each first appeared, on which days any was seen, and which came last. */
function familyOf(table: ReadonlyMap<string, ValueEntry>, parent: string, level: number) {
  const firstMs = new Map<string, number>()
  const lastMs = new Map<string, number>()
  const days: number[] = []
  for (const [value, entry] of table) {
    if (!value.startsWith(parent)) continue
    const child = value.split('|', level + 1)[level] ?? ''
    const first = firstMs.get(child)
    if (first === undefined || entry.enteredAtMs < first) firstMs.set(child, entry.enteredAtMs)
    if (entry.lastMs > (lastMs.get(child) ?? 0)) lastMs.set(child, entry.lastMs)
    for (let i = 0; i < entry.days.length; i += 2) addDays(days, entry.days[i] as number, entry.days[i + 1] as number)
  }
  const latest = [...lastMs]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, 8)
    .map(([child]) => child)
  return { firstMs, days, latest }
}

function prefixOf(value: string, level: number): string {
  let end = -1
  for (let at = 0; at <= level; at++) {
    end = value.indexOf('|', end + 1)
    if (end < 0) return value
  }
  return value.slice(0, end)
}
