/** The four compressions that Kafka producers use, with a bound on what one batch may grow to. */
import { promisify } from 'node:util'
import { constants, gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib'
import kafkajs from 'kafkajs'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { compressSync, uncompressSync } from 'snappy'

/**
 * What one batch may be when decompressed. A megabyte of zeros in gzip holds a gigabyte: without a bound one message
 * could end the process. Producers stay far below (1 MiB unless told otherwise); at the bound a partition stops loudly.
 */
export const DECOMPRESSED_BATCH_BYTES_MAX = 64 * 1024 * 1024

export type CodecName = 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** As kafkajs wants it. `decompress` throws `KafkaCodecError` for what is damaged or too large. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(compressed: Buffer): Promise<Buffer>
}

/** A batch that cannot be read. Reading it again would not help, so kafkajs stops the consumer instead of retrying. */
export class KafkaCodecError extends Error {
  override readonly name = 'KafkaCodecError'
  readonly codec: CodecName
  /** Read by kafkajs. */
  readonly retriable = false
  constructor(codec: CodecName, problem: string, cause?: unknown) {
    super(`a batch compressed with ${codec} ${problem}`, { cause })
    this.codec = codec
  }
}

/** Replaces kafkajs's codecs, which are one table for the whole process. May be called again. */
export function registerCodecs(): void {
  const codecs = createCodecs(DECOMPRESSED_BATCH_BYTES_MAX)
  const { CompressionCodecs: table, CompressionTypes: types } = kafkajs
  table[types.GZIP] = () => codecs.gzip
  table[types.Snappy] = () => codecs.snappy
  table[types.LZ4] = () => codecs.lz4
  table[types.ZSTD] = () => codecs.zstd
}

/** The codecs with a bound of `bytesMax` on the output of `decompress`. */
export function createCodecs(bytesMax: number): Readonly<Record<CodecName, Codec>> {
  return {
    gzip: bounded('gzip', bytesMax, {
      compress: (plain) => promisify(gzip)(plain),
      decompress: (compressed) => promisify(gunzip)(compressed, { maxOutputLength: bytesMax }),
    }),
    snappy: bounded('snappy', bytesMax, {
      compress: async (plain) => xerialCompress(plain),
      decompress: async (compressed) => snappyDecompress(compressed, bytesMax),
    }),
    lz4: bounded('lz4', bytesMax, {
      compress: (plain) => compressFrame(plain),
      decompress: async (compressed) => {
        if (lz4FrameBytes(compressed, bytesMax) > bytesMax) throw new TooLarge()
        return decompressFrame(compressed)
      },
    }),
    zstd: bounded('zstd', bytesMax, {
      // Level 1: what is compressed here is made for tests and demonstrations.
      compress: (plain) => promisify(zstdCompress)(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
      decompress: (compressed) => promisify(zstdDecompress)(compressed, { maxOutputLength: bytesMax }),
    }),
  }
}

/** Thrown within this file where a length is known before anything is decompressed. */
class TooLarge extends Error {
  readonly code = 'ERR_BUFFER_TOO_LARGE'
}

interface PlainCodec {
  compress(plain: Buffer): Promise<Buffer>
  decompress(compressed: Buffer): Promise<Buffer>
}

function bounded(name: CodecName, bytesMax: number, codec: PlainCodec): Codec {
  return {
    compress: (encoder) => codec.compress(encoder.buffer),
    async decompress(compressed) {
      try {
        return await codec.decompress(compressed)
      } catch (cause) {
        const tooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
        const problem = tooLarge ? `holds more than ${bytesMax} bytes` : 'is damaged'
        throw new KafkaCodecError(name, problem, cause)
      }
    },
  }
}

/** Framing of xerial's snappy-java, which Java producers write: this header, version 1, compatible from 1 on. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER = Buffer.concat([XERIAL_MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])])
const XERIAL_CHUNK_BYTES = 32 * 1024

function xerialCompress(plain: Buffer): Buffer {
  const parts: Buffer[] = [XERIAL_HEADER]
  for (let at = 0; at < plain.length; at += XERIAL_CHUNK_BYTES) {
    const chunk = compressSync(plain.subarray(at, at + XERIAL_CHUNK_BYTES))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(chunk.length)
    parts.push(length, chunk)
  }
  return Buffer.concat(parts)
}

/** Java producers frame; librdkafka (Fluent Bit, Vector) sends one raw block. */
function snappyDecompress(compressed: Buffer, bytesMax: number): Buffer {
  if (!startsWithXerial(compressed, 0)) return snappyBlock(compressed, bytesMax)
  const parts: Buffer[] = []
  let left = bytesMax
  let at = XERIAL_HEADER.length
  while (at < compressed.length) {
    // A stream that was appended to another brings its own header.
    if (startsWithXerial(compressed, at)) {
      at += XERIAL_HEADER.length
      continue
    }
    const length = compressed.readUInt32BE(at)
    if (at + 4 + length > compressed.length) throw new Error('the last chunk is cut')
    const part = snappyBlock(compressed.subarray(at + 4, at + 4 + length), left)
    left -= part.length
    parts.push(part)
    at += 4 + length
  }
  return Buffer.concat(parts)
}

function startsWithXerial(bytes: Buffer, at: number): boolean {
  return bytes.length >= at + XERIAL_HEADER.length && bytes.compare(XERIAL_MAGIC, 0, 8, at, at + 8) === 0
}

/** A raw block begins with its decompressed length as a varint, which the library allocates. */
function snappyBlock(block: Buffer, bytesMax: number): Buffer {
  let length = 0
  for (let at = 0; at < 5; at++) {
    const byte = block.readUInt8(at)
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) break
  }
  if (length > bytesMax) throw new TooLarge()
  const plain = uncompressSync(block)
  return typeof plain === 'string' ? Buffer.from(plain) : plain
}

/**
 * What an LZ4 frame decompresses to: at first an upper bound from the headers of its blocks, and only where that passes
 * `bytesMax` the exact length, from its sequences. (Format: lz4 frame 1.6.)
 */
function lz4FrameBytes(frame: Buffer, bytesMax: number): number {
  const flags = frame.readUInt8(4)
  const blockBytesMax = 2 ** (8 + 2 * ((frame.readUInt8(5) >> 4) & 7))
  const checksumBytes = flags & 0x10 ? 4 : 0
  const headerBytes = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0)
  const sum = (blockBytes: (block: Buffer) => number): number => {
    let total = 0
    let at = headerBytes
    // A length of 0 marks the end. The library would take a frame without it for whole; reading past it throws.
    for (let header = frame.readUInt32LE(at); header !== 0; header = frame.readUInt32LE(at)) {
      const length = header & 0x7fffffff
      const stored = header >= 0x80000000
      total += stored ? length : blockBytes(frame.subarray(at + 4, at + 4 + length))
      at += 4 + length + checksumBytes
    }
    return total
  }
  const upperBound = sum((block) => Math.min(blockBytesMax, block.length * 255))
  return upperBound <= bytesMax ? upperBound : sum(lz4BlockBytes)
}

/** Exact length of a decompressed block: literals and matches of its sequences, added up without copying them. */
function lz4BlockBytes(block: Buffer): number {
  let total = 0
  let at = 0
  const extended = (nibble: number): number => {
    if (nibble < 15) return nibble
    let length = nibble
    let byte: number
    do {
      byte = block[at++] ?? 0
      length += byte
    } while (byte === 255)
    return length
  }
  while (at < block.length) {
    const token = block[at++] ?? 0
    const literals = extended(token >> 4)
    total += literals
    at += literals
    if (at >= block.length) break
    at += 2
    total += extended(token & 15) + 4
  }
  return total
}
