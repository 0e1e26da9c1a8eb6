/**
 * What people said of a token's habits: values that are its owner's or a thief's after all, and what is to be forgotten.
 *
 * Marks are no part of the profile but a light in which it is read. Which of them a block sees is decided by its
 * `ingested_at`, so that it sees the same when it is processed again, live and rebuilt.
 */
import type { AccessEvent } from '../event.ts'
import { forgetActivity } from './activity.ts'
import { MONTHS_BACK, monthOf, monthStartMs } from './calendar.ts'
import { forgetFiveMinutes } from './five-minutes.ts'
import { DIMENSIONS, type Dimension, MASK, chainOf, teachable } from './dimension.ts'
import type { TokenProfile } from './profile.ts'
import { letGo } from './in-hand.ts'
import { type ValueTable, createTable, enteredAtMs, moveRow, nodeAt, sizeOf } from './values.ts'

/** Benign values count as known from quarantine on; malicious ones are never adopted and go on being found in full. */
export type Verdict = 'benign' | 'malicious'

/**
 * Forgets what was seen before a time, by event time. It takes effect with the token's first own call at or after that
 * time; from then on a call from before it is ignored. So it must lie ahead of every call that came before the tombstone
 * was visible: then a profile rebuilt from the rollups, which hold event times alone, is the one that was folded.
 */
export interface Tombstone {
  /** '' forgets the whole token. */
  readonly dimension: Dimension | ''
  /** Topmost levels of the values, without a `|` at the end; '' for all of the dimension. */
  readonly prefix: string
  /** The start of an hour: the rollups count by hours. */
  readonly beforeMs: number
}

export interface TokenMarks {
  readonly verdicts: ReadonlyMap<Dimension, ReadonlyMap<string, Verdict>>
  /** By time, the earliest first. */
  readonly tombstones: readonly Tombstone[]
}

/** Whether a value has these topmost levels. */
export function hasLevels(value: string, prefix: string): boolean {
  return prefix === '' || value === prefix || value.startsWith(`${prefix}|`)
}

/** Reads the profile in the light of these marks from now on. */
export function setMarks(profile: TokenProfile, marks: TokenMarks | undefined): void {
  if (profile.marks === marks) return
  profile.marks = marks
  letGo(profile)
  forgetPassed(profile, profile.nowMs)
}

/** Forgets what the tombstones say up to this time. Doing it again changes nothing. */
export function forgetPassed(profile: TokenProfile, nowMs: number): void {
  for (const tombstone of profile.marks?.tombstones ?? []) {
    const { dimension, beforeMs } = tombstone
    if (beforeMs > nowMs) break
    // The window has forgotten it all, and when a value entered before the window is not known.
    if (beforeMs <= monthStartMs(monthOf(nowMs) - MONTHS_BACK)) continue
    for (const each of dimension === '' ? DIMENSIONS : [dimension]) {
      forgetValues(profile, profile.learned[each], tombstone)
      forgetValues(profile, profile.held[each], tombstone)
    }
    if (dimension !== '') continue
    forgetFiveMinutes(profile.fine, beforeMs)
    if (forgetActivity(profile.activity, beforeMs)) profile.revision++
  }
}

/** Whether the token's time passes a tombstone of all that it is: what it does now is the first that it does. */
export function passesTombstone({ marks, nowMs }: TokenProfile, timeMs: number): boolean {
  return (
    marks?.tombstones.some(({ dimension, beforeMs }) => dimension === '' && nowMs < beforeMs && beforeMs <= timeMs) ??
    false
  )
}

/** Whether the event comes from before a tombstone that has taken effect, and brings what that forgot. */
export function isForgotten({ marks, nowMs }: TokenProfile, event: AccessEvent): boolean {
  if (marks === undefined) return false
  return marks.tombstones.some(({ dimension, prefix, beforeMs }) => {
    if (beforeMs > nowMs || event.timeMs >= beforeMs) return false
    if (dimension === '') return true
    return (teachable(event) & MASK[dimension]) !== 0 && hasLevels(chainOf(dimension, event), prefix)
  })
}

/** A value that came back since entered its table anew. */
function forgetValues(profile: TokenProfile, table: ValueTable, { prefix, beforeMs }: Tombstone): void {
  for (let row = sizeOf(table) - 1; row >= 0; row--) {
    if (enteredAtMs(table, row) >= beforeMs) continue
    if (!hasLevels(table.vocabulary.chainText(nodeAt(table, row)), prefix)) continue
    profile.forgotten ??= new Map()
    const forgotten = profile.forgotten.get(table) ?? createTable(table.vocabulary)
    profile.forgotten.set(table, forgotten)
    profile.routesRevision++
    moveRow(table, row, forgotten)
  }
}
