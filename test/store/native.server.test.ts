/** What is encoded is what ClickHouse reads, whatever the values. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { encodeBlock } from '../../src/store/native.ts'
import type { Column } from '../../src/store/native.ts'
import { testDatabase } from '../support/clickhouse.ts'

const db = await testDatabase('native')
await db.command(`CREATE TABLE kinds (
  run String, place UInt64, text String, low LowCardinality(String), u8 UInt8, u16 UInt16, u32 UInt32, u64 UInt64,
  i64 Int64, f32 Float32, f64 Float64, at DateTime64(3, 'UTC'), texts Array(LowCardinality(String)),
  floats Array(Float32), numbers Map(LowCardinality(String), Float64)
) ENGINE = MergeTree ORDER BY (run, place)`)

/** Some of all: empty, NUL, emoji, lone surrogates, control characters, longer than one length byte. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '',
    '\0',
    'a\0b',
    '😀',
    '\ud800',
    'é'.repeat(40),
    'x'.repeat(40),
    'x'.repeat(41),
    'ü'.repeat(100_000),
  ),
  fc.nat(300).map((length) => 'y'.repeat(length)),
)
const whole = (max: number) =>
  fc.oneof(fc.integer({ min: 0, max: Math.min(max, 2 ** 31 - 1) }), fc.constantFrom(0, 1, max))
const anyFloat = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 5e-324, 1.7976931348623157e308),
)
const anyFloat32 = fc.float({ noNaN: true, noDefaultInfinity: true })
const safe = Number.MAX_SAFE_INTEGER

const anyRow = fc.record({
  text: anyText,
  low: anyText,
  u8: whole(0xff),
  u16: whole(0xffff),
  u32: whole(0xffff_ffff),
  u64: fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, safe)),
  i64: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, safe, -safe)),
  f32: anyFloat32,
  f64: anyFloat,
  // The range of DateTime64(3) that formats as text: 1900 to 2299.
  at: fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2299, 11, 31) }),
  texts: fc.array(anyText, { maxLength: 4 }),
  floats: fc.array(anyFloat32, { maxLength: 4 }),
  numbers: fc.dictionary(
    anyText.map((key) => key.toWellFormed()),
    anyFloat,
    { maxKeys: 4 },
  ),
})
type Row = typeof anyRow extends fc.Arbitrary<infer T> ? T : never

function columnsOf(run: string, rows: readonly Row[]): Column[] {
  return [
    { name: 'run', type: 'String', values: rows.map(() => run) },
    { name: 'place', type: 'UInt64', values: rows.map((_, place) => place) },
    { name: 'text', type: 'String', values: rows.map((row) => row.text) },
    { name: 'low', type: 'String', values: rows.map((row) => row.low) },
    { name: 'u8', type: 'UInt8', values: rows.map((row) => row.u8) },
    { name: 'u16', type: 'UInt16', values: rows.map((row) => row.u16) },
    { name: 'u32', type: 'UInt32', values: rows.map((row) => row.u32) },
    { name: 'u64', type: 'UInt64', values: rows.map((row) => row.u64) },
    { name: 'i64', type: 'Int64', values: rows.map((row) => row.i64) },
    { name: 'f32', type: 'Float32', values: rows.map((row) => row.f32) },
    { name: 'f64', type: 'Float64', values: rows.map((row) => row.f64) },
    { name: 'at', type: 'DateTime64(3)', values: rows.map((row) => row.at) },
    { name: 'texts', type: 'Array(String)', values: rows.map((row) => row.texts) },
    { name: 'floats', type: 'Array(Float32)', values: rows.map((row) => row.floats) },
    { name: 'numbers', type: 'Map(String, Float64)', values: rows.map((row) => row.numbers) },
  ]
}

const storedRow = z.object({
  text: z.string(),
  low: z.string(),
  u8: z.number(),
  u16: z.number(),
  u32: z.number(),
  u64: z.number(),
  i64: z.number(),
  f32: z.number(),
  f64: z.number(),
  at: z.number(),
  texts: z.array(z.string()),
  floats: z.array(z.number()),
  keys: z.array(z.string()),
  values: z.array(z.number()),
})

/** As it must come back: lone surrogates replaced, everything else as it was. */
function expected(row: Row): z.infer<typeof storedRow> {
  const { numbers, ...rest } = row
  return {
    ...rest,
    text: row.text.toWellFormed(),
    low: row.low.toWellFormed(),
    texts: row.texts.map((text) => text.toWellFormed()),
    keys: Object.keys(numbers),
    values: Object.values(numbers),
  }
}

test('what is inserted is read back equal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 60 }), async (rows) => {
      const run = crypto.randomUUID()
      await db.insert('kinds', columnsOf(run, rows), rows.length, run)
      const stored = await db.query(
        `SELECT text, low, u8, u16, u32, u64, i64, f32, f64, toUnixTimestamp64Milli(at) AS at, texts, floats,
           mapKeys(numbers) AS keys, mapValues(numbers) AS values
         FROM kinds WHERE run = {run: String} ORDER BY place`,
        { run },
        storedRow,
      )
      expect(stored.map((row) => ({ ...row, f32: Math.fround(row.f32), floats: row.floats.map(Math.fround) }))).toEqual(
        rows.map(expected),
      )
    }),
    { numRuns: 40 },
  )
})

test('many rows of long texts pass the first guess of the buffer', async () => {
  const rows = 20_000
  const values = Array.from({ length: rows }, (_, i) => `${i}`.padStart(300, 'é'))
  await db.insert('kinds', [{ name: 'run', type: 'String', values }], rows, 'long')
  const [sum] = await db.query(
    `SELECT count() AS n, uniqExact(run) AS different, sum(lengthUTF8(run)) AS length FROM kinds WHERE startsWith(run, 'é')`,
    {},
    z.object({ n: z.number(), different: z.number(), length: z.number() }),
  )
  expect(sum).toEqual({ n: rows, different: rows, length: rows * 300 })
})

describe('a number that does not fit is brought into its range', () => {
  test.each([
    ['a negative status', 'u16', 'UInt16', -1, 0],
    ['a status beyond 16 bits', 'u16', 'UInt16', 70_000, 65_535],
    ['no number', 'u32', 'UInt32', Number.NaN, 0],
    ['a fraction', 'u64', 'UInt64', 1.9, 1],
    ['a number beyond what is exact', 'u64', 'UInt64', 1e300, safe],
    ['minus infinity', 'i64', 'Int64', Number.NEGATIVE_INFINITY, -safe],
  ] as const)('%s', async (name, column, type, value, stored) => {
    const columns: Column[] = [
      { name: 'run', type: 'String', values: [name] },
      { name: column, type, values: [value] },
    ]
    await db.insert('kinds', columns, 1, name)
    const [row] = await db.query(
      `SELECT ${column} AS value FROM kinds WHERE run = {name: String}`,
      { name },
      z.object({ value: z.number() }),
    )
    expect(row?.value).toBe(stored)
  })
})

test('a column of another length is refused before anything is sent', () => {
  expect(() => encodeBlock([{ name: 'a', type: 'String', values: ['x'] }], 2)).toThrow(RangeError)
})
