/** Values in quarantine: which of them count as known after all, which never do, and which have paid today. */
import type { AccessEvent } from '../event.ts'
import { dayBit, monthOf } from './calendar.ts'
import type { Dimension } from './dimension.ts'
import type { Verdict } from './marks.ts'
import type { TokenProfile } from './profile.ts'
import type { ValueEntry } from './values.ts'

/** What people said of a dimension's values, by value. */
type Verdicts = ReadonlyMap<string, Verdict> | undefined

interface HeldValue {
  readonly value: string
  readonly entry: ValueEntry
}

/** For each level the values in quarantine that share the chain down to it. */
export function heldUnder(profile: TokenProfile, dimension: Dimension, prefixes: readonly string[]) {
  const found: (HeldValue[] | undefined)[] = prefixes.map(() => undefined)
  for (const [value, entry] of profile.held[dimension]) {
    for (let at = 0; at < prefixes.length; at++) {
      const matches = at === prefixes.length - 1 ? value === prefixes[at] : value.startsWith(prefixes[at] as string)
      if (!matches) break
      ;(found[at] ??= []).push({ value, entry })
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
  held: readonly HeldValue[] | undefined,
  verdicts: Verdicts,
): boolean {
  if (held === undefined) return false
  if (verdicts !== undefined && held.some(({ value }) => verdicts.get(value) === 'benign')) return true
  const nowMs = Math.max(profile.nowMs, event.timeMs)
  if (profile.lastFindingMs > nowMs - profile.settings.incidentGapMs) return false
  const untilMs = nowMs - profile.settings.adoptAfterMs
  return held.some(({ value, entry }) => entry.enteredAtMs <= untilMs && verdicts?.get(value) !== 'malicious')
}

/** Whether a value that shares the chain down to a level was called malicious. */
export function hasMalicious(verdicts: Verdicts, prefixes: readonly string[], level: number): boolean {
  if (verdicts === undefined) return false
  const prefix = prefixes[level] as string
  for (const [value, verdict] of verdicts) {
    if (verdict !== 'malicious') continue
    if (level === prefixes.length - 1 ? value === prefix : value.startsWith(prefix)) return true
  }
  return false
}

/** A value in quarantine pays once a day. */
export function wasSeenToday(held: readonly HeldValue[] | undefined, timeMs: number): boolean {
  return held !== undefined && held.some(({ entry }) => wasSeenOn(entry, timeMs))
}

function wasSeenOn(entry: ValueEntry, timeMs: number): boolean {
  const at = entry.days.findIndex((month, i) => i % 2 === 0 && month === monthOf(timeMs))
  return at >= 0 && ((entry.days[at + 1] ?? 0) & dayBit(timeMs)) !== 0
}
