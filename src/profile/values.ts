/**
 * The values of one dimension that a token is known for: a bounded table whose content is the same whether it was
 * folded live or rebuilt from `token_values`.
 *
 * The table keeps the K values with the greatest (last seen, value). A value that was pushed out and comes back enters
 * anew: its first appearance and its days count from then on. The event that brings it in carries that fact in its
 * `fresh` mask, which is what makes a rebuilt table equal to the live one.
 *
 * Rows stand in one array of numbers (decisions/2026-11-22-compact-profiles.md): the value's node in the vocabulary, when
 * it entered, when it was seen last, and a mask of days for each month that the table knows of. They are in no order, but
 * that none was seen later than row 0.
 */
import { dayBit, dayOf, monthOf, monthStartMs } from './calendar.ts'
import type { Vocabulary } from './vocabulary.ts'

export interface ValueTable {
  readonly vocabulary: Vocabulary
  numbers: number[]
  /** Of the first mask of each row, since 1970, and how many masks a row has. */
  firstMonth: number
  months: number
}

/** A value as it is read by those who have time. */
export interface ValueEntry {
  /** Event time with which it entered this table, 0 when that lies before the window. */
  readonly enteredAtMs: number
  readonly lastMs: number
  /** Pairs of (month since 1970, mask of its days). */
  readonly days: readonly number[]
}

/** Places in a row, after its node. */
const ENTERED = 1
const LAST = 2
const MASKS = 3
/** Smaller tables take exactly the memory that they need, larger ones have room to grow. */
const EXACT_NUMBERS_MAX = 1024

export function createTable(vocabulary: Vocabulary): ValueTable {
  return { vocabulary, numbers: [], firstMonth: 0, months: 0 }
}

function lengthOfRow(table: ValueTable): number {
  return MASKS + table.months
}

export function sizeOf(table: ValueTable): number {
  return table.numbers.length / lengthOfRow(table)
}

/** The row of a value, -1 where there is none. */
export function findRow(table: ValueTable, node: number): number {
  const { numbers } = table
  const length = lengthOfRow(table)
  for (let at = 0; at < numbers.length; at += length) if (numbers[at] === node) return at / length
  return -1
}

export function nodeAt(table: ValueTable, row: number): number {
  return table.numbers[row * lengthOfRow(table)] as number
}

export function enteredAtMs(table: ValueTable, row: number): number {
  return table.numbers[row * lengthOfRow(table) + ENTERED] as number
}

export function lastSeenMs(table: ValueTable, row: number): number {
  return table.numbers[row * lengthOfRow(table) + LAST] as number
}

/** Whether the value was seen on the day of this time. */
export function wasSeenOn(table: ValueTable, row: number, timeMs: number): boolean {
  return (maskAt(table, row, monthOf(timeMs)) & dayBit(timeMs)) !== 0
}

function maskAt(table: ValueTable, row: number, month: number): number {
  const column = month - table.firstMonth
  if (column < 0 || column >= table.months) return 0
  return table.numbers[row * lengthOfRow(table) + MASKS + column] as number
}

/** Adds the value's days to pairs of (month since 1970, mask of days). */
export function addDaysOf(table: ValueTable, row: number, days: Map<number, number>): void {
  for (let month = table.firstMonth; month < table.firstMonth + table.months; month++) {
    const mask = maskAt(table, row, month)
    if (mask !== 0) days.set(month, (days.get(month) ?? 0) | mask)
  }
}

/** Its values as texts, chains joined by `|`. */
export function* entriesOf(table: ValueTable): Generator<readonly [string, ValueEntry]> {
  for (let row = 0; row < sizeOf(table); row++) {
    const days = new Map<number, number>()
    addDaysOf(table, row, days)
    const entry = {
      enteredAtMs: enteredAtMs(table, row),
      lastMs: lastSeenMs(table, row),
      days: [...days].flat(),
    }
    yield [table.vocabulary.chainText(nodeAt(table, row)), entry]
  }
}

/** Its values, sorted. */
export function chainsOf(table: ValueTable): string[] {
  return Array.from(entriesOf(table), ([chain]) => chain).sort()
}

/**
 * Records one sight of a value. Returns whether it entered the table with it, if only to be pushed out at once.
 * @param forgotten values that were forgotten (marks.ts): they keep their places until they are pushed out. Were these
 * free at once, a profile that is read back would know values again that had been pushed out before.
 */
export function seeValue(
  table: ValueTable,
  node: number,
  timeMs: number,
  valuesMax: number,
  forgotten?: ValueTable,
): boolean {
  const row = findRow(table, node)
  if (row < 0) {
    addRow(table, node, timeMs, timeMs, monthOf(timeMs), dayBit(timeMs))
    if (forgotten !== undefined) removeValue(forgotten, node)
    capValues(table, valuesMax, forgotten)
    return true
  }
  if (dayOf(timeMs) >= dayOf(enteredAtMs(table, row))) addDays(table, row, monthOf(timeMs), dayBit(timeMs))
  if (timeMs > lastSeenMs(table, row)) setLast(table, row, timeMs)
  return false
}

/** Adds what is stored of a value in one month; months come in any order. */
export function mergeValue(
  table: ValueTable,
  node: number,
  stored: { readonly enteredAtMs: number; readonly lastMs: number; readonly month: number; readonly days: number },
): void {
  const row = findRow(table, node)
  if (row < 0) {
    addRow(table, node, stored.enteredAtMs, stored.lastMs, stored.month, stored.days)
    return
  }
  addDays(table, row, stored.month, stored.days)
  if (stored.enteredAtMs > enteredAtMs(table, row)) setEntered(table, row, stored.enteredAtMs)
  if (stored.lastMs > lastSeenMs(table, row)) setLast(table, row, stored.lastMs)
}

/** Days before a value entered its table belong to an earlier stay there. */
export function dropDaysBeforeEntry(table: ValueTable): void {
  for (let row = 0; row < sizeOf(table); row++) {
    const enteredMs = enteredAtMs(table, row)
    if (enteredMs === 0) continue
    const enteredMonth = monthOf(enteredMs)
    const firstDay = dayOf(enteredMs) - dayOf(monthStartMs(enteredMonth))
    for (let month = table.firstMonth; month <= enteredMonth && month < table.firstMonth + table.months; month++) {
      const kept = month < enteredMonth ? 0 : -1 << firstDay
      table.numbers[row * lengthOfRow(table) + MASKS + month - table.firstMonth] = maskAt(table, row, month) & kept
    }
  }
}

/** Drops what the window has left behind: values, days, and first appearances before `month`. */
export function pruneValues(table: ValueTable, month: number): void {
  if (table.numbers.length === 0) return
  const startMs = monthStartMs(month)
  for (let row = sizeOf(table) - 1; row >= 0; row--) {
    if (lastSeenMs(table, row) < startMs) removeRow(table, row)
    else if (enteredAtMs(table, row) < startMs) setEntered(table, row, 0)
  }
  if (table.firstMonth < month) setMonths(table, month, Math.max(month, table.firstMonth + table.months - 1))
}

/** Keeps the `valuesMax` entries with the greatest (last seen, value), forgotten ones included. */
export function capValues(table: ValueTable, valuesMax: number, forgotten?: ValueTable): void {
  while (sizeOf(table) + (forgotten === undefined ? 0 : sizeOf(forgotten)) > valuesMax) {
    const row = oldestRow(table)
    const other = forgotten === undefined ? -1 : oldestRow(forgotten)
    if (forgotten === undefined || other < 0) removeRow(table, row)
    else if (row < 0 || isOlder(forgotten, other, table, row)) removeRow(forgotten, other)
    else removeRow(table, row)
  }
}

/** Moves a value to another table, as it is. */
export function moveRow(from: ValueTable, row: number, to: ValueTable): void {
  const node = nodeAt(from, row)
  const lastMs = lastSeenMs(from, row)
  const days = new Map<number, number>()
  addDaysOf(from, row, days)
  addRow(to, node, enteredAtMs(from, row), lastMs, monthOf(lastMs), 0)
  for (const [month, mask] of days) addDays(to, findRow(to, node), month, mask)
  removeRow(from, row)
}

/** Lets go of all that it knows. */
export function clearTable(table: ValueTable): void {
  for (let row = 0; row < sizeOf(table); row++) table.vocabulary.release(nodeAt(table, row))
  table.numbers = []
}

function removeValue(table: ValueTable, node: number): void {
  const row = findRow(table, node)
  if (row >= 0) removeRow(table, row)
}

function oldestRow(table: ValueTable): number {
  const size = sizeOf(table)
  let oldest = size > 0 ? 0 : -1
  for (let row = 1; row < size; row++) if (isOlder(table, row, table, oldest)) oldest = row
  return oldest
}

/** By (last seen, value). */
function isOlder(table: ValueTable, row: number, other: ValueTable, otherRow: number): boolean {
  const lastMs = lastSeenMs(table, row)
  const otherMs = lastSeenMs(other, otherRow)
  if (lastMs !== otherMs) return lastMs < otherMs
  const { vocabulary } = table
  return vocabulary.chainText(nodeAt(table, row)) < vocabulary.chainText(nodeAt(other, otherRow))
}

function addRow(table: ValueTable, node: number, enteredMs: number, lastMs: number, month: number, mask: number): void {
  table.vocabulary.keep(node)
  holdMonth(table, month)
  const row = [node, enteredMs, lastMs]
  for (let at = 0; at < table.months; at++) row.push(table.firstMonth + at === month ? mask : 0)
  if (table.numbers.length > EXACT_NUMBERS_MAX) table.numbers.push(...row)
  else table.numbers = table.numbers.concat(row)
  putLatestFirst(table, sizeOf(table) - 1)
}

function removeRow(table: ValueTable, row: number): void {
  const length = lengthOfRow(table)
  const { numbers } = table
  table.vocabulary.release(nodeAt(table, row))
  numbers.copyWithin(row * length, numbers.length - length)
  numbers.length -= length
  if (row === 0) for (let at = 1; at < sizeOf(table); at++) putLatestFirst(table, at)
}

function setEntered(table: ValueTable, row: number, timeMs: number): void {
  table.numbers[row * lengthOfRow(table) + ENTERED] = timeMs
}

function setLast(table: ValueTable, row: number, timeMs: number): void {
  table.numbers[row * lengthOfRow(table) + LAST] = timeMs
  putLatestFirst(table, row)
}

/** Changes places with row 0, unless that was seen later. */
function putLatestFirst(table: ValueTable, row: number): void {
  if (row === 0 || lastSeenMs(table, row) < lastSeenMs(table, 0)) return
  const { numbers } = table
  const length = lengthOfRow(table)
  for (let at = 0; at < length; at++) {
    const first = numbers[at] as number
    numbers[at] = numbers[row * length + at] as number
    numbers[row * length + at] = first
  }
}

function addDays(table: ValueTable, row: number, month: number, mask: number): void {
  holdMonth(table, month)
  const at = row * lengthOfRow(table) + MASKS + month - table.firstMonth
  table.numbers[at] = (table.numbers[at] as number) | mask
}

/** Makes room for masks of a month. */
function holdMonth(table: ValueTable, month: number): void {
  const { firstMonth, months, numbers } = table
  if (month >= firstMonth && month < firstMonth + months) return
  if (numbers.length === 0) {
    table.firstMonth = month
    table.months = 1
    return
  }
  // Months of which no value has days any more go with this.
  let first = firstMonth
  while (first < firstMonth + months && isEmptyMonth(table, first)) first++
  setMonths(table, Math.min(first, month), Math.max(firstMonth + months - 1, month))
}

function isEmptyMonth(table: ValueTable, month: number): boolean {
  for (let row = 0; row < sizeOf(table); row++) if (maskAt(table, row, month) !== 0) return false
  return true
}

/** Lays the rows out anew, with masks from one month to another. */
function setMonths(table: ValueTable, first: number, last: number): void {
  const numbers: number[] = []
  for (let row = 0; row < sizeOf(table); row++) {
    numbers.push(nodeAt(table, row), enteredAtMs(table, row), lastSeenMs(table, row))
    for (let month = first; month <= last; month++) numbers.push(maskAt(table, row, month))
  }
  table.numbers = numbers.slice()
  table.firstMonth = first
  table.months = last - first + 1
}
