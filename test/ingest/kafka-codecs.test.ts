/** Each compression on its own: what goes in comes out, damage is an error, and nothing grows past its bound. */
import { compressFrameSync } from 'lz4-napi'
import * as fc from 'fast-check'
import { compressSync } from 'snappy'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createCodecs, KafkaCodecError, type CodecName } from '../../src/ingest/kafka-codecs.ts'

const NAMES = ['gzip', 'snappy', 'lz4', 'zstd'] as const satisfies readonly CodecName[]
const BYTES_MAX = 1024 * 1024
const codecs = createCodecs(BYTES_MAX)

async function compress(name: CodecName, plain: Buffer): Promise<Buffer> {
  return codecs[name].compress({ buffer: plain })
}

describe.each(NAMES)('%s', (name) => {
  test('gives back what was compressed, whatever it is', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100_000, size: 'max' }),
      fc.tuple(fc.uint8Array({ maxLength: 100 }), fc.nat(1_000)).map(([part, times]) => repeat(part, times)),
    )
    await fc.assert(
      fc.asyncProperty(bytes, async (plain) => {
        const again = await codecs[name].decompress(await compress(name, Buffer.from(plain)))
        expect(again.equals(plain)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('reads a batch of exactly the bound and refuses one byte more', async () => {
    const full = Buffer.alloc(BYTES_MAX, 'tokenwatch ')
    expect((await codecs[name].decompress(await compress(name, full))).equals(full)).toBe(true)
    const tooLarge = codecs[name].decompress(await compress(name, Buffer.concat([full, Buffer.from('!')])))
    await expect(tooLarge).rejects.toThrow(`a batch compressed with ${name} holds more than ${BYTES_MAX} bytes`)
  })

  test('refuses a small batch that would fill the memory, as an error that is not tried again', async () => {
    const bomb = await compress(name, Buffer.alloc(64 * BYTES_MAX))
    const error: unknown = await codecs[name].decompress(bomb).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(KafkaCodecError)
    expect(error).toMatchObject({ retriable: false, codec: name })
  })

  test('calls a cut batch damaged', async () => {
    const whole = await compress(name, Buffer.from('an event '.repeat(1_000)))
    for (const length of [0, 1, 7, 17, whole.length - 1]) {
      await expect(codecs[name].decompress(whole.subarray(0, length))).rejects.toThrow(KafkaCodecError)
    }
  })

  test('answers any bytes with bytes or with its own error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (noise) => {
        const result: unknown = await codecs[name].decompress(Buffer.from(noise)).catch((error: unknown) => error)
        expect(Buffer.isBuffer(result) || result instanceof KafkaCodecError).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})

test('snappy without framing, as librdkafka sends it, is read and bounded', async () => {
  expect((await codecs.snappy.decompress(compressSync('an event'))).toString()).toBe('an event')
  const bomb = compressSync(Buffer.alloc(BYTES_MAX + 1))
  await expect(codecs.snappy.decompress(bomb)).rejects.toThrow('holds more than')
})

test('snappy streams that were appended to each other are read as one', async () => {
  const parts = await Promise.all(['one, ', 'two'].map((text) => compress('snappy', Buffer.from(text))))
  expect((await codecs.snappy.decompress(Buffer.concat(parts))).toString()).toBe('one, two')
})

test('the bound of snappy holds over all chunks together', async () => {
  const framed = await compress('snappy', Buffer.alloc(BYTES_MAX + 1))
  await expect(codecs.snappy.decompress(framed)).rejects.toThrow('holds more than')
})

test('lz4 with checksums of its blocks and content is read', async () => {
  const plain = Buffer.alloc(500_000, 'tokenwatch ')
  const frame = compressFrameSync(plain, { blockChecksums: true, contentChecksum: true })
  expect((await codecs.lz4.decompress(frame)).equals(plain)).toBe(true)
})

test('many small lz4 blocks are measured exactly before they are called too large', async () => {
  // Blocks of one literal each that could hold 4 MiB by their header: the upper bound is far beyond what they are.
  const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73])
  const block = Buffer.from([0x02, 0, 0, 0, 0x10, 0x61])
  const frame = Buffer.concat([header, ...Array.from({ length: 100 }, () => block), Buffer.alloc(4)])
  const narrow = createCodecs(100)
  expect((await narrow.lz4.decompress(frame)).toString()).toBe('a'.repeat(100))
  await expect(createCodecs(99).lz4.decompress(frame)).rejects.toThrow('holds more than 99 bytes')
})

test('gzip of several members is read whole', async () => {
  const members = Buffer.concat([gzipSync('one, '), gzipSync('two')])
  expect((await codecs.gzip.decompress(members)).toString()).toBe('one, two')
})

function repeat(part: Uint8Array, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => part))
}
