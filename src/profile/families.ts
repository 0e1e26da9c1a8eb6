/** What the tables of a token's values tell of one level of their chains: which values there are, and since when. */
import type { AccessEvent } from '../event.ts'
import { DAY_MS } from '../settings.ts'
import { hourOf } from './calendar.ts'
import { type Dimension } from './dimension.ts'
import type { TokenProfile } from './profile.ts'
import type { Verdicts } from './quarantine.ts'
import { type ValueTable, addDaysOf, enteredAtMs, lastSeenMs, nodeAt, sizeOf } from './values.ts'
import { ROOT } from './vocabulary.ts'

/** The nodes of a chain, topmost first; 0 from the first level on that nobody knows. */
export function pathOf({ shared }: TokenProfile, dimension: Dimension, levels: readonly string[]): number[] {
  let node = ROOT[dimension]
  return levels.map((level) => (node = shared.vocabulary.childOf(node, level)))
}

/** How many of the upper levels of a chain are shared by a value that is known and was not called malicious. */
export function knownLevels(learned: ValueTable, path: readonly number[], verdicts: Verdicts): number {
  const { vocabulary } = learned
  let level = 0
  for (let row = 0; row < sizeOf(learned); row++) {
    const node = nodeAt(learned, row)
    if (verdicts?.get(vocabulary.chainText(node)) === 'malicious') continue
    while (level < path.length - 1 && vocabulary.ancestorAt(node, level) === path[level]) level++
  }
  return level
}

/** The values of a dimension, known or in quarantine. */
function tablesOf({ learned, held }: TokenProfile, dimension: Dimension): readonly ValueTable[] {
  return sizeOf(held[dimension]) === 0 ? [learned[dimension]] : [learned[dimension], held[dimension]]
}

/** Whether a value of this level was first seen in this hour, whatever its parent: the hour has paid for its new value. */
export function hasPaid(
  profile: TokenProfile,
  dimension: Dimension,
  event: AccessEvent,
  level: number,
  depth: number,
): boolean {
  const hour = hourOf(event.timeMs)
  const tables = tablesOf(profile, dimension)
  const { ancestorAt } = profile.shared.vocabulary
  const entered = new Set<number>()
  for (const table of tables) {
    for (let row = 0; row < sizeOf(table); row++) {
      if (hourOf(enteredAtMs(table, row)) !== hour) continue
      if (level === depth - 1) return true
      entered.add(ancestorAt(nodeAt(table, row), level))
    }
  }
  if (entered.size === 0) return false
  for (const table of tables) {
    for (let row = 0; row < sizeOf(table); row++) {
      if (hourOf(enteredAtMs(table, row)) < hour) entered.delete(ancestorAt(nodeAt(table, row), level))
    }
  }
  return entered.size > 0
}

/**
 * The hour from which on a table remembers every value of a level that it met. One that is full of different ones has
 * forgotten those last seen before its oldest: were earlier hours counted without them, each new value of a token that
 * always has new ones would be a surprise. A table full of one value's children does remember that value.
 */
export function coveredSinceHour(profile: TokenProfile, dimension: Dimension, known: number): number {
  const table = profile.learned[dimension]
  const { valuesMax } = profile.settings
  if (sizeOf(table) < valuesMax || known * 2 < valuesMax) return 0
  let oldestMs = Number.POSITIVE_INFINITY
  for (let row = 0; row < sizeOf(table); row++) oldestMs = Math.min(oldestMs, lastSeenMs(table, row))
  return hourOf(oldestMs)
}

/** When each node was first seen. */
type Firsts = Map<number, number>

/**
 * When each value of a level, whatever its parent, was first seen. Those in quarantine count: whatever they mean, the
 * token shows new values now, and each has paid for itself.
 */
export function firstsAt(profile: TokenProfile, dimension: Dimension, level: number): Firsts {
  const firstMs: Firsts = new Map()
  const { ancestorAt } = profile.shared.vocabulary
  for (const table of tablesOf(profile, dimension)) {
    for (let row = 0; row < sizeOf(table); row++) {
      addFirst(firstMs, ancestorAt(nodeAt(table, row), level), enteredAtMs(table, row))
    }
  }
  return firstMs
}

function addFirst(firstMs: Firsts, node: number, ms: number): void {
  const known = firstMs.get(node)
  if (known === undefined || ms < known) firstMs.set(node, ms)
}

/** Whether another value of the same parent was first seen within the day before, but not when the parent was. */
export function hasNewSibling(
  profile: TokenProfile,
  dimension: Dimension,
  event: AccessEvent,
  parent: number,
  level: number,
): boolean {
  const firstMs: Firsts = new Map()
  const { ancestorAt } = profile.shared.vocabulary
  let parentMs = Number.POSITIVE_INFINITY
  for (const table of tablesOf(profile, dimension)) {
    for (let row = 0; row < sizeOf(table); row++) {
      const node = nodeAt(table, row)
      if (level > 0 && ancestorAt(node, level - 1) !== parent) continue
      const ms = enteredAtMs(table, row)
      parentMs = Math.min(parentMs, ms)
      addFirst(firstMs, ancestorAt(node, level), ms)
    }
  }
  for (const ms of firstMs.values()) {
    if (ms > event.timeMs - DAY_MS && ms <= event.timeMs && ms !== parentMs) return true
  }
  return false
}

/** Hours in which a value first appeared, of those that lie within the window. */
export function firstHours(firstMs: Firsts): Set<number> {
  const hours = new Set<number>()
  for (const ms of firstMs.values()) if (ms > 0) hours.add(hourOf(ms))
  return hours
}

/** The known values under a parent: when each first appeared, on which days any was seen, and which came last. */
export function familyOf(table: ValueTable, parent: number, level: number) {
  const { ancestorAt, levelText } = table.vocabulary
  const firstMs: Firsts = new Map()
  const lastMs = new Map<number, number>()
  const days = new Map<number, number>()
  for (let row = 0; row < sizeOf(table); row++) {
    const node = nodeAt(table, row)
    if (level > 0 && ancestorAt(node, level - 1) !== parent) continue
    const child = ancestorAt(node, level)
    addFirst(firstMs, child, enteredAtMs(table, row))
    lastMs.set(child, Math.max(lastMs.get(child) ?? 0, lastSeenMs(table, row)))
    addDaysOf(table, row, days)
  }
  const latest = [...lastMs]
    .map(([child, ms]) => ({ text: levelText(child), ms }))
    .sort((a, b) => b.ms - a.ms || (a.text < b.text ? -1 : 1))
    .slice(0, 8)
    .map(({ text }) => text)
  return { firstMs, days, latest }
}
