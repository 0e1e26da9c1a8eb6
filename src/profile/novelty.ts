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
import { dayBit, hourOf, monthOf } from './calendar.ts'
import { type Dimension, MASK, chainOf, teachable } from './dimension.ts'
import { type PeerSnapshot, type Reach, isShared, reachBits } from './peers.ts'
import type { TokenProfile } from './profile.ts'
import { type ValueEntry, addDays } from './values.ts'

/** Concentration: what one bucket of history is set against. */
const THETA = 1
const DELTA_MIN = 0.05
const DELTA_MAX = 0.9

export interface Novelty {
  readonly dimension: Dimension
  /** Index of the topmost new level in the chain. */
  readonly level: number
  /** The chain's levels. */
  readonly levels: readonly string[]
  /** 0 when this bucket has already paid for it. */
  readonly bits: number
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
  if (learned.has(chain)) return undefined
  const levels = chain.split('|')
  const prefixes = levels.map((_, at) => levels.slice(0, at + 1).join('|') + (at < levels.length - 1 ? '|' : ''))
  let level = 0
  for (const value of learned.keys()) {
    while (level < levels.length - 1 && value.startsWith(prefixes[level] as string)) level++
  }
  const held = heldUnder(profile, dimension, prefixes)
  while (level < levels.length && isAdopted(profile, event, held[level])) level++
  if (level === levels.length) return undefined
  const family = familyOf(learned, level === 0 ? '' : (prefixes[level - 1] as string), level)
  const sinceHour = coveredSinceHour(profile, dimension, family)
  const n =
    level === 0 ? activeHours(profile.activity, sinceHour) : activeHoursOn(profile.activity, family.days, sinceHour)
  const firsts = new Set([...family.firstMs.values()].filter((ms) => ms > 0).map(hourOf))
  const k = Math.min(firsts.size, n)
  const seenHeld = held[level]
  const paid = firsts.has(hourOf(event.timeMs)) || hasPaid(profile, dimension, event, prefixes, level, family.firstMs)
  const { bits, delta } = newValueBits(n, k)
  const prefix = prefixes[level] as string
  const reach = paid || !isShared(dimension, level) ? 'nobody' : peers.reachOf(dimension, prefix, event.tenant)
  const peerBits = paid ? 0 : roundBits(reachBits(peers, dimension, level, reach))
  return {
    dimension,
    level,
    levels,
    n,
    k,
    delta,
    bits: paid ? 0 : Math.max(0, bits + peerBits),
    peerBits,
    reach,
    siblings: family.latest,
    siblingCount: family.firstMs.size,
    held: seenHeld !== undefined,
  }
}

/**
 * The hour from which on a table remembers every top of a chain that it met. One that is full of different tops has
 * forgotten those last seen before its oldest: were earlier hours counted without them, each new value of a token that
 * always has new ones would be a surprise. A table full of one top's children does remember that top.
 */
function coveredSinceHour(profile: TokenProfile, dimension: Dimension, tops: ReturnType<typeof familyOf>): number {
  const table = profile.learned[dimension]
  const { valuesMax } = profile.settings
  if (table.size < valuesMax || tops.firstMs.size * 2 < valuesMax) return 0
  let oldestMs = Number.POSITIVE_INFINITY
  for (const { lastMs } of table.values()) oldestMs = Math.min(oldestMs, lastMs)
  return hourOf(oldestMs)
}

/** For each level the values in quarantine that share the chain down to it. */
function heldUnder(profile: TokenProfile, dimension: Dimension, prefixes: readonly string[]) {
  const found: (ValueEntry[] | undefined)[] = prefixes.map(() => undefined)
  for (const [value, entry] of profile.held[dimension]) {
    for (let at = 0; at < prefixes.length; at++) {
      const matches = at === prefixes.length - 1 ? value === prefixes[at] : value.startsWith(prefixes[at] as string)
      if (!matches) break
      ;(found[at] ??= []).push(entry)
    }
  }
  return found
}

/** A value in quarantine is adopted once it went on for long enough and no finding came lately. */
function isAdopted(profile: TokenProfile, event: AccessEvent, held: readonly ValueEntry[] | undefined): boolean {
  if (held === undefined) return false
  const nowMs = Math.max(profile.nowMs, event.timeMs)
  if (profile.lastFindingMs > nowMs - profile.settings.incidentGapMs) return false
  return held.some((entry) => entry.enteredAtMs <= nowMs - profile.settings.adoptAfterMs)
}

/** Whether quarantined values have paid already: this one today, or another one beside it in this bucket. */
function hasPaid(
  profile: TokenProfile,
  dimension: Dimension,
  event: AccessEvent,
  prefixes: readonly string[],
  level: number,
  known: ReadonlyMap<string, number>,
): boolean {
  const own = prefixes[level] as string
  const isLeaf = level === prefixes.length - 1
  const parent = level === 0 ? '' : (prefixes[level - 1] as string)
  const bucket = hourOf(event.timeMs)
  for (const [value, entry] of profile.held[dimension]) {
    // Quarantine takes whole events, so known values stand there too: they pay for nothing.
    if (!value.startsWith(parent) || known.has(value.split('|', level + 1)[level] ?? '')) continue
    if (hourOf(entry.enteredAtMs) === bucket) return true
    if ((isLeaf ? value === own : value.startsWith(own)) && wasSeenOn(entry, event.timeMs)) return true
  }
  return false
}

function wasSeenOn(entry: ValueEntry, timeMs: number): boolean {
  const at = entry.days.findIndex((month, i) => i % 2 === 0 && month === monthOf(timeMs))
  return at >= 0 && ((entry.days[at + 1] ?? 0) & dayBit(timeMs)) !== 0
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
