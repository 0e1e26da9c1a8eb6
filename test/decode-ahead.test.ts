/** What another thread reads and decodes is what this one would. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeAhead } from '../src/decode-ahead.ts'
import type { DecodedRecord } from '../src/ingest/packed-records.ts'
import { readRecords } from '../src/ingest/file.ts'
import { call, KEY, LIMITS, testDecoder } from './ingest/decoding.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenwatch-ahead-'))
})
afterAll(async () => rm(folder, { recursive: true }))

const thread = (input: string) => ({
  input,
  topic: 'file',
  settings: LIMITS,
  format: 'canonical' as const,
  fingerprintKey: KEY.reveal(),
  tokenMemoEntriesMax: 100,
  trustedProxies: ['10.0.0.0/8'],
})

/** More than the batches that may wait. */
const LINES = Array.from({ length: 6_000 }, (_, at) =>
  at % 1_000 === 7
    ? `broken ${at}`
    : JSON.stringify(
        call({
          token_id: at % 3 === 0 ? undefined : `token-${at % 50}`,
          token: at % 3 === 0 ? `secret-credential-${at % 50}` : undefined,
          id: at % 2 === 0 ? `call-${at}` : undefined,
          ip: '203.0.113.7, 10.0.0.1',
          path: `/v1/orders/${at}/${'x'.repeat(at % 400)}`,
        }),
      ),
)

test.each(['events.ndjson', 'events.ndjson.gz'])(
  'Every record of %s comes, in order, with its events or why it has none.',
  async (name) => {
    const input = join(folder, name)
    const content = Buffer.from(LINES.join('\n'))
    await writeFile(input, name.endsWith('.gz') ? gzipSync(content) : content)
    const { decode } = testDecoder({ trustedProxies: ['10.0.0.0/8'] })
    const expected: unknown[] = []
    for await (const records of readRecords({ input, topic: 'file', messageBytesMax: LIMITS.messageBytesMax })) {
      for (const { topic, partition, offset, value } of records) {
        const { events, deadLetters } = decode(value, false)
        const position = { topic, partition, offset, index: 0 }
        const at = <T>(things: readonly T[]) => things.map((thing) => ({ ...thing, position }))
        const decoded = { events: at(events), deadLetters: at(deadLetters) }
        expected.push({ topic, partition, offset, value: null, decoded })
      }
    }
    const bytesRead: number[] = []
    const records: DecodedRecord[] = []
    for await (const batch of decodeAhead(thread(input), (progress) => bytesRead.push(progress.bytesRead)))
      records.push(...batch)
    expect(records).toEqual(expected)
    expect(records).toHaveLength(LINES.length)
    expect(bytesRead).toEqual(bytesRead.toSorted((a, b) => a - b))
  },
)

test('What cannot be read is told as it is without another thread.', async () => {
  const reading = decodeAhead(thread(folder), () => {}).next()
  await expect(reading).rejects.toMatchObject({ code: 'EISDIR' })
})

test('Whoever has enough stops the thread.', async () => {
  const input = join(folder, 'enough.ndjson')
  await writeFile(input, LINES.join('\n'))
  for await (const batch of decodeAhead(thread(input), () => {})) {
    expect(batch[0]?.offset).toBe(0)
    break
  }
})
