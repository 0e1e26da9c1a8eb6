/** The bounded table of values: which it keeps, since when, and on which days, told again from all sights at once. */
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import {
  type ValueEntry,
  type ValueTable,
  capValues,
  chainsOf,
  createTable,
  entriesOf,
  pruneValues,
  seeValue as seeNode,
} from '../../src/profile/values.ts'
import { ROOT, createVocabulary } from '../../src/profile/vocabulary.ts'

// Many histories are folded, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const DAY_MS = 86_400_000
const START_MS = Date.UTC(2026, 0, 29)

/** Few values, few and equal times, and days on both sides of a month's end. */
const sight = fc.record({
  value: fc.constantFrom('a', 'b', 'c', 'd', 'ä', '😀', '\uffff'),
  timeMs: fc.tuple(fc.nat(6), fc.constantFrom(0, 1, DAY_MS - 1)).map(([day, ms]) => START_MS + day * DAY_MS + ms),
})
const sights = fc.array(sight, { maxLength: 60, size: 'max' })
const valuesMax = fc.integer({ min: 1, max: 5 })
type Sight = typeof sight extends fc.Arbitrary<infer S> ? S : never

function newTable(): ValueTable {
  return createTable(createVocabulary())
}

/** As the fold does it: the table keeps what it needs of the vocabulary, and nobody else keeps anything. */
function seeValue(table: ValueTable, value: string, timeMs: number, max: number): boolean {
  const node = table.vocabulary.intern(ROOT.route, value)
  const isFresh = seeNode(table, node, timeMs, max)
  table.vocabulary.release(node)
  return isFresh
}

function mapOf(table: ValueTable): Map<string, ValueEntry> {
  return new Map(entriesOf(table))
}

function see(all: readonly Sight[], max: number): { readonly table: ValueTable; readonly fresh: readonly boolean[] } {
  const table = newTable()
  return { table, fresh: all.map(({ value, timeMs }) => seeValue(table, value, timeMs, max)) }
}

/** The values with the greatest (last seen, value), from scratch. */
function topOf(all: readonly Sight[], max: number): Map<string, number> {
  const last = new Map<string, number>()
  for (const { value, timeMs } of all) last.set(value, Math.max(timeMs, last.get(value) ?? 0))
  return new Map([...last].sort((a, b) => b[1] - a[1] || (a[0] > b[0] ? -1 : 1)).slice(0, max))
}

/** Months since 1970 and masks of days, as the entry should have them. */
function daysOf(timesMs: readonly number[]): Map<number, number> {
  const days = new Map<number, number>()
  for (const timeMs of timesMs) {
    const date = new Date(timeMs)
    const month = (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
    days.set(month, (days.get(month) ?? 0) | (1 << (date.getUTCDate() - 1)))
  }
  return days
}

function pairsOf(days: readonly number[]): Map<number, number> {
  return new Map(days.flatMap((month, at) => (at % 2 === 0 ? [[month, days[at + 1] ?? 0] as const] : [])))
}

describe('a bounded table of values', () => {
  test('holds the values last seen, ties by value, at every moment', () => {
    fc.assert(
      fc.property(sights, valuesMax, (all, max) => {
        const table = newTable()
        for (const [at, { value, timeMs }] of all.entries()) {
          seeValue(table, value, timeMs, max)
          const kept = new Map([...mapOf(table)].map(([key, { lastMs }]) => [key, lastMs]))
          expect(kept).toEqual(topOf(all.slice(0, at + 1), max))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('keeps of the vocabulary what it holds, and nothing else', () => {
    fc.assert(
      fc.property(sights, valuesMax, (all, max) => {
        const { table } = see(all, max)
        expect(table.vocabulary.size).toBe(chainsOf(table).length)
      }),
    )
  })

  test('holds the same values in whichever order they came', () => {
    const shuffled = sights.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(shuffled, valuesMax, ([all, other], max) => {
        const lasts = (table: ValueTable) => new Map([...mapOf(table)].map(([key, { lastMs }]) => [key, lastMs]))
        expect(lasts(see(all, max).table)).toEqual(lasts(see(other, max).table))
      }),
    )
  })

  test('says of each sight whether the value was missing before it', () => {
    fc.assert(
      fc.property(sights, valuesMax, (all, max) => {
        const expected = all.map(({ value }, at) => !topOf(all.slice(0, at), max).has(value))
        expect(see(all, max).fresh).toEqual(expected)
      }),
    )
  })

  test('dates a value from the latest sight that brought it in, and counts its days from there', () => {
    fc.assert(
      fc.property(sights, valuesMax, (all, max) => {
        const { table, fresh } = see(all, max)
        for (const [value, entry] of entriesOf(table)) {
          const own = all.filter((one) => one.value === value).map(({ timeMs }) => timeMs)
          const enteredMs = Math.max(
            ...all.flatMap((one, at) => (one.value === value && fresh[at] ? [one.timeMs] : [])),
          )
          expect(entry.enteredAtMs).toBe(enteredMs)
          const firstDayMs = Math.floor(enteredMs / DAY_MS) * DAY_MS
          expect(pairsOf(entry.days)).toEqual(daysOf(own.filter((timeMs) => timeMs >= firstDayMs)))
        }
      }),
    )
  })

  test('a smaller table is what capping a larger one gives', () => {
    fc.assert(
      fc.property(sights, valuesMax, (all, max) => {
        const { table } = see(all, 100)
        capValues(table, max)
        expect(chainsOf(table).sort()).toEqual(chainsOf(see(all, max).table).sort())
      }),
    )
  })
})

describe('pruning at the start of a month', () => {
  const FEBRUARY = 56 * 12 + 1
  test.each([
    ['a value last seen before it goes', ['01-29'], undefined],
    [
      'one seen on both sides keeps the days from it on, and no first appearance',
      ['01-29', '02-02'],
      { enteredAtMs: 0, days: [FEBRUARY, 0b10] },
    ],
    [
      'one that appeared in it stays as it was',
      ['02-01', '02-03'],
      { enteredAtMs: Date.UTC(2026, 1, 1), days: [FEBRUARY, 0b101] },
    ],
  ] as const)('%s', (_, dates, expected) => {
    const table = newTable()
    for (const date of dates) seeValue(table, 'a', Date.parse(`2026-${date}T00:00:00Z`), 10)
    pruneValues(table, FEBRUARY)
    if (expected === undefined) expect(chainsOf(table)).toEqual([])
    else expect(mapOf(table).get('a')).toMatchObject(expected)
  })
})
