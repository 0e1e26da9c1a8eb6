/** Records out of files, streams and compressed files. */
import * as fc from 'fast-check'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRecords, sha256OfFile } from '../../src/ingest/file.ts'
import type { FileProgress } from '../../src/ingest/file.ts'
import type { RawRecord } from '../../src/ingest/source.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenwatch-file-'))
})
afterAll(async () => rm(folder, { recursive: true }))

async function read(input: string | Readable, messageBytesMax = 1_000): Promise<RawRecord[]> {
  const records: RawRecord[] = []
  for await (const batch of readRecords({ input, topic: 'file:x', messageBytesMax })) {
    expect(batch.length).toBeGreaterThan(0)
    records.push(...batch)
  }
  return records
}

const texts = (records: readonly RawRecord[]) => records.map(({ value }) => Buffer.from(value ?? []).toString())

test.each([
  { it: 'Each line is a record.', content: 'a\nb\n', lines: ['a', 'b'] },
  { it: 'The last line may lack its newline.', content: 'a\nb', lines: ['a', 'b'] },
  { it: 'A blank line is a record.', content: 'a\n\nb\n', lines: ['a', '', 'b'] },
  { it: 'A newline alone is one blank record.', content: '\n', lines: [''] },
  { it: 'An empty file has none.', content: '', lines: [] },
  { it: 'One byte is a record.', content: '{', lines: ['{'] },
])('$it', async ({ content, lines }) => {
  const path = join(folder, 'lines.ndjson')
  for (const bytes of [Buffer.from(content), gzipSync(content)]) {
    await writeFile(path, bytes)
    const records = await read(path)
    expect(texts(records)).toEqual(lines)
    expect(records.map(({ topic, partition, offset }) => [topic, partition, offset])).toEqual(
      lines.map((_, line) => ['file:x', 0, line]),
    )
  }
})

test('Standard input is read like a file, compressed or not.', async () => {
  expect(texts(await read(Readable.from([Buffer.from('a\nb'), Buffer.from('c\n')])))).toEqual(['a', 'bc'])
  const zipped = gzipSync('a\nbc\n')
  expect(texts(await read(Readable.from([zipped.subarray(0, 1), zipped.subarray(1)])))).toEqual(['a', 'bc'])
})

test('Several compressed parts in one file are read as one.', async () => {
  const path = join(folder, 'parts.gz')
  await writeFile(path, Buffer.concat([gzipSync('a\n'), gzipSync('b\n')]))
  expect(texts(await read(path))).toEqual(['a', 'b'])
})

test('Of a long line the beginning is kept, with its true length and hash.', async () => {
  const long = 'x'.repeat(3_000_000)
  const path = join(folder, 'long.ndjson')
  await writeFile(path, `a\n${long}\nb\n${long}`)
  const records = await read(path)
  const cut = { lengthBytes: long.length, sha256: createHash('sha256').update(long).digest('hex') }
  expect(texts(records)).toEqual(['a', 'x'.repeat(1_000), 'b', 'x'.repeat(1_000)])
  expect(records.map((record) => record.cut)).toEqual([undefined, cut, undefined, cut])
})

test('A line of exactly the limit is whole, one more byte is not.', async () => {
  const records = await read(Readable.from([Buffer.from(`${'x'.repeat(1_000)}\n${'y'.repeat(1_001)}\n`)]))
  expect(records.map(({ value, cut }) => [value?.length, cut?.lengthBytes])).toEqual([
    [1_000, undefined],
    [1_000, 1_001],
  ])
})

test('However a stream is cut into chunks, the records are those of its lines.', async () => {
  const lines = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '{', ' '), maxLength: 12 }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(lines, fc.array(fc.nat(9), { maxLength: 30 }), fc.boolean(), async (all, sizes, hasEnd) => {
      const content = Buffer.from(all.join('\n') + (hasEnd && all.length > 0 ? '\n' : ''))
      const chunks: Buffer[] = []
      let rest = content
      for (const size of sizes) {
        chunks.push(rest.subarray(0, size))
        rest = rest.subarray(size)
      }
      chunks.push(rest)
      const expected = content.toString().split('\n')
      if (expected.at(-1) === '') expected.pop()
      const records = await read(Readable.from(chunks), 8)
      expect(records.map(({ value, cut }) => cut?.lengthBytes ?? value?.length)).toEqual(
        expected.map((line) => Buffer.byteLength(line)),
      )
      expect(records.map(({ value }) => Buffer.from(value ?? []).toString('latin1'))).toEqual(
        expected.map((line) => Buffer.from(line).subarray(0, 8).toString('latin1')),
      )
    }),
  )
})

test('Progress counts the bytes on disk up to their total.', async () => {
  const path = join(folder, 'progress.gz')
  const bytes = gzipSync('{"a":1}\n'.repeat(10_000))
  await writeFile(path, bytes)
  const seen: FileProgress[] = []
  for await (const batch of readRecords({
    input: path,
    topic: 't',
    messageBytesMax: 99,
    onProgress: (p) => seen.push(p),
  }))
    void batch
  expect(seen.at(-1)).toEqual({ bytesRead: bytes.length, bytesTotal: bytes.length })
})

test('A damaged compressed file and a missing file are errors, not ends.', async () => {
  const path = join(folder, 'damaged.gz')
  await writeFile(path, gzipSync('a\n'.repeat(1_000)).subarray(0, -9))
  await expect(read(path)).rejects.toThrow(/unexpected end/)
  await expect(read(join(folder, 'missing'))).rejects.toThrow(/ENOENT/)
})

test('The hash of a file is that of its bytes on disk.', async () => {
  const path = join(folder, 'hash')
  await writeFile(path, 'abc')
  expect(await sha256OfFile(path)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
