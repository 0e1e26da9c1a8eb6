/**
 * The values of one dimension that a token is known for: a bounded table whose content is the same whether it was
 * folded live or rebuilt from `token_values`.
 *
 * The table keeps the K values with the greatest (last seen, value). A value that was pushed out and comes back enters
 * anew: its first appearance and its days count from then on. The event that brings it in carries that fact in its
 * `fresh` mask, which is what makes a rebuilt table equal to the live one.
 */
import { dayBit, dayOf, monthOf, monthStartMs } from './calendar.ts'

export interface ValueEntry {
  /** Event time with which it entered this table, 0 when that lies before the window. */
  enteredAtMs: number
  lastMs: number
  /** Pairs of (month since 1970, mask of its days), in the order in which they were met. */
  readonly days: number[]
}

export type ValueTable = Map<string, ValueEntry>

const NONE: ValueTable = new Map()

/**
 * Records one sight of a value. Returns whether it entered the table with it.
 * @param forgotten values that were forgotten (marks.ts): they keep their places until they are pushed out. Were these
 * free at once, a profile that is read back would know values again that had been pushed out before.
 */
export function seeValue(
  table: ValueTable,
  value: string,
  timeMs: number,
  valuesMax: number,
  forgotten?: ValueTable,
): boolean {
  const entry = table.get(value)
  if (entry !== undefined) {
    if (timeMs > entry.lastMs) entry.lastMs = timeMs
    if (dayOf(timeMs) >= dayOf(entry.enteredAtMs)) addDays(entry.days, monthOf(timeMs), dayBit(timeMs))
    return false
  }
  table.set(value, { enteredAtMs: timeMs, lastMs: timeMs, days: [monthOf(timeMs), dayBit(timeMs)] })
  forgotten?.delete(value)
  capValues(table, valuesMax, forgotten)
  return true
}

/** Adds days of one month, as a mask, to an entry's pairs. */
export function addDays(days: number[], month: number, mask: number): void {
  for (let i = days.length - 2; i >= 0; i -= 2) {
    if (days[i] === month) {
      days[i + 1] = (days[i + 1] ?? 0) | mask
      return
    }
  }
  days.push(month, mask)
}

/** Drops what the window has left behind: values, days, and first appearances before `month`. */
export function pruneValues(table: ValueTable, month: number): void {
  const startMs = monthStartMs(month)
  for (const [value, entry] of table) {
    if (entry.lastMs < startMs) {
      table.delete(value)
      continue
    }
    if (entry.enteredAtMs < startMs) entry.enteredAtMs = 0
    for (let i = entry.days.length - 2; i >= 0; i -= 2) {
      if ((entry.days[i] ?? 0) < month) entry.days.splice(i, 2)
    }
  }
}

/** Keeps the `valuesMax` entries with the greatest (last seen, value), forgotten ones included. */
export function capValues(table: ValueTable, valuesMax: number, forgotten?: ValueTable): void {
  while (table.size + (forgotten?.size ?? 0) > valuesMax) evictOldest(table, forgotten)
}

function evictOldest(table: ValueTable, forgotten: ValueTable = NONE): void {
  let oldest: string | undefined
  let oldestMs = Number.POSITIVE_INFINITY
  for (const values of [table, forgotten]) {
    for (const [value, entry] of values) {
      if (entry.lastMs < oldestMs || (entry.lastMs === oldestMs && oldest !== undefined && value < oldest)) {
        oldest = value
        oldestMs = entry.lastMs
      }
    }
  }
  if (oldest !== undefined && !forgotten.delete(oldest)) table.delete(oldest)
}
