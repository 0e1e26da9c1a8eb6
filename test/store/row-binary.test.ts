/** RowBinary as it comes from a server: in pieces that end anywhere. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRows } from '../../src/store/row-binary.ts'

interface Row {
  readonly text: string
  readonly other: string
  readonly status: number
  readonly count: number
  readonly offset: number
  readonly timeMs: number
}

const row = fc.record<Row>({
  // Texts that come again, and some that differ by little.
  text: fc.oneof(fc.constantFrom('', 'GET', 'GEU', 'é', 'e\u0301', 'tok_a'), fc.string({ unit: 'grapheme' })),
  other: fc.string({ maxLength: 300 }),
  status: fc.integer({ min: 0, max: 0xffff }),
  count: fc.integer({ min: 0, max: 0xffff_ffff }),
  offset: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  timeMs: fc.integer({ min: -2_000_000_000_000, max: 8_000_000_000_000 }),
})

function bytesOf({ text, other, status, count, offset, timeMs }: Row): Buffer {
  const numbers = Buffer.alloc(22)
  numbers.writeUInt16LE(status, 0)
  numbers.writeUInt32LE(count, 2)
  numbers.writeBigUInt64LE(BigInt(offset), 6)
  numbers.writeBigInt64LE(BigInt(timeMs), 14)
  return Buffer.concat([textBytes(text), textBytes(other), numbers])
}

function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length: number[] = []
  let rest = bytes.length
  for (; rest >= 0x80; rest >>= 7) length.push((rest & 0x7f) | 0x80)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

function rowsIn(pieces: readonly Uint8Array[]): AsyncGenerator<Row[]> {
  async function* chunks() {
    yield* pieces
  }
  return readRows(chunks(), (reader) => ({
    text: reader.text(),
    other: reader.ownText(),
    status: reader.uint16(),
    count: reader.uint32(),
    offset: reader.uint64(),
    timeMs: reader.timeMs(),
  }))
}

async function all(batches: AsyncIterable<Row[]>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of batches) rows.push(...batch)
  return rows
}

function piecesOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

test('rows are the same wherever their bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 30 }),
      fc.array(fc.nat(20_000), { maxLength: 20 }),
      async (rows, cuts) => {
        const pieces = piecesOf(Buffer.concat(rows.map(bytesOf)), cuts)
        expect(await all(rowsIn(pieces))).toEqual(rows)
      },
    ),
  )
})

test('bytes that end within a row are an error, not a shorter result', async () => {
  const bytes = bytesOf({ text: 'a', other: 'b', status: 1, count: 2, offset: 3, timeMs: 4 })
  await expect(all(rowsIn([bytes, bytes.subarray(0, 9)]))).rejects.toThrow('in the middle')
})
