/** Values in quarantine: which of them count as known after all, which never do, and which have paid today. */
import type { AccessEvent } from '../event.ts'
import type { Verdict } from './marks.ts'
import type { TokenProfile } from './profile.ts'
import { type ValueTable, enteredAtMs, nodeAt, sizeOf, wasSeenOn } from './values.ts'

/** What people said of a dimension's values, by value. */
export type Verdicts = ReadonlyMap<string, Verdict> | undefined

/** Rows of the values in quarantine that share a chain down to some level; undefined for none. */
type HeldRows = readonly number[] | undefined

/**
 * For each level the values in quarantine that share the chain down to it.
 * @param path the chain's nodes, 0 from the first one on that nobody knows.
 */
export function heldUnder(held: ValueTable, path: readonly number[]): HeldRows[] {
  const found: number[][] = []
  for (let row = 0; row < sizeOf(held); row++) {
    const node = nodeAt(held, row)
    for (const [level, shared] of path.entries()) {
      if (held.vocabulary.ancestorAt(node, level) !== shared) break
      ;(found[level] ??= []).push(row)
    }
  }
  return found
}

/**
 * A value in quarantine is adopted once somebody called it benign, or once it went on for long enough and no finding came
 * lately; never when it was called malicious.
 */
export function isAdopted(
  profile: TokenProfile,
  event: AccessEvent,
  held: ValueTable,
  rows: HeldRows,
  verdicts: Verdicts,
): boolean {
  if (rows === undefined) return false
  const verdictOf = (row: number) => verdicts?.get(held.vocabulary.chainText(nodeAt(held, row)))
  if (verdicts !== undefined && rows.some((row) => verdictOf(row) === 'benign')) return true
  const nowMs = Math.max(profile.nowMs, event.timeMs)
  if (profile.lastFindingMs > nowMs - profile.settings.incidentGapMs) return false
  const untilMs = nowMs - profile.settings.adoptAfterMs
  return rows.some((row) => enteredAtMs(held, row) <= untilMs && verdictOf(row) !== 'malicious')
}

/** Whether a value that shares the chain down to a level was called malicious. */
export function hasMalicious(verdicts: Verdicts, levels: readonly string[], level: number): boolean {
  if (verdicts === undefined) return false
  const prefix = prefixOf(levels, level)
  for (const [value, verdict] of verdicts) {
    if (verdict !== 'malicious') continue
    if (level === levels.length - 1 ? value === prefix : value.startsWith(prefix)) return true
  }
  return false
}

/** The chain down to a level, with the `|` that more would follow. */
export function prefixOf(levels: readonly string[], level: number): string {
  return levels.slice(0, level + 1).join('|') + (level < levels.length - 1 ? '|' : '')
}

/** A value in quarantine pays once a day. */
export function wasSeenToday(held: ValueTable, rows: HeldRows, timeMs: number): boolean {
  return rows !== undefined && rows.some((row) => wasSeenOn(held, row, timeMs))
}
