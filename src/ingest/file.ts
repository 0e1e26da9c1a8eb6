/** Records out of a file or standard input: one a line, plain or gzip, in bounded memory however long a line is. */
import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { RawRecord } from './source.ts'

const CHUNK_BYTES = 256 * 1024
const BATCH_RECORDS_MAX = 4_096
const NEWLINE = 10

export interface FileProgress {
  /** Bytes as they lie on disk: compressed ones of a compressed file. */
  readonly bytesRead: number
  /** Unknown for standard input. */
  readonly bytesTotal: number | undefined
}

export interface FileSourceOptions {
  /** A path, or the stream itself (standard input). */
  readonly input: string | Readable
  /** The topic that positions carry. The partition is 0, the offset the line's number from 0. */
  readonly topic: string
  /** Of a longer line only so much is kept, with its true length and hash beside it. */
  readonly messageBytesMax: number
  readonly onProgress?: (progress: FileProgress) => void
}

/**
 * Yields batches of records, never empty ones. A blank line is a record; the end of the last line makes none. Whether
 * the input is gzip is told by its first bytes. Throws where it cannot be read or is damaged.
 */
export async function* readRecords(options: FileSourceOptions): AsyncGenerator<readonly RawRecord[], void, undefined> {
  const splitter = createLineSplitter(options.topic, options.messageBytesMax)
  for await (const chunk of chunksOf(options)) {
    splitter.push(chunk)
    for (let batch = splitter.take(); batch.length > 0; batch = splitter.take()) yield batch
  }
  splitter.end()
  const rest = splitter.take()
  if (rest.length > 0) yield rest
}

/** SHA-256 of a file's bytes as they lie on disk, hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

async function* chunksOf({ input, onProgress }: FileSourceOptions): AsyncGenerator<Buffer> {
  const bytesTotal = typeof input === 'string' ? await sizeOf(input) : undefined
  const raw = typeof input === 'string' ? createReadStream(input, { highWaterMark: CHUNK_BYTES }) : input
  let bytesRead = 0
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of raw) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
      bytesRead += bytes.length
      onProgress?.({ bytesRead, bytesTotal })
      yield bytes
    }
  }
  const { head, all } = await peek(counted(), 2)
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* all
    return
  }
  yield* unzipped(all)
}

async function sizeOf(path: string): Promise<number | undefined> {
  await using file = await open(path)
  const stat = await file.stat()
  return stat.isFile() ? stat.size : undefined
}

/** The first bytes, and everything with them in it. */
async function peek(
  chunks: AsyncGenerator<Buffer>,
  bytes: number,
): Promise<{ readonly head: Buffer; readonly all: AsyncGenerator<Buffer> }> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < bytes) {
    const next = await chunks.next()
    if (next.done) break
    head = Buffer.concat([head, next.value])
  }
  const all = async function* (): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head
    yield* chunks
  }
  return { head, all: all() }
}

async function* unzipped(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const output = new PassThrough({ highWaterMark: CHUNK_BYTES })
  // A failure of any part destroys the output with its error, which the loop below throws; here it has been told.
  const done = pipeline(Readable.from(chunks), createGunzip({ chunkSize: CHUNK_BYTES }), output).catch(() => undefined)
  for await (const chunk of output) yield chunk as Buffer
  await done
}

/** A line that is too long to be kept: its beginning, its length so far and the hash of all of it. */
interface LongLine {
  readonly kept: Buffer
  lengthBytes: number
  readonly hash: Hash
}

interface LineSplitter {
  push(chunk: Buffer): void
  /** The next records, at most a batch of them; empty when the rest of a line is awaited. */
  take(): readonly RawRecord[]
  /** The last line may lack its newline. */
  end(): void
}

function createLineSplitter(topic: string, bytesMax: number): LineSplitter {
  let offset = 0
  let rest: Buffer | undefined
  let long: LongLine | undefined
  let chunk: Buffer = Buffer.alloc(0)
  let start = 0
  let ended = false

  function recordOf(value: Buffer, cut?: RawRecord['cut']): RawRecord {
    const position = { topic, partition: 0, offset: offset++ }
    return cut === undefined ? { ...position, value } : { ...position, value, cut }
  }

  /** Keeps a part of a line whose end is not there yet. */
  function keep(part: Buffer): void {
    if (part.length === 0) {
      rest ??= long ? undefined : part
      return
    }
    if (long) {
      long.lengthBytes += part.length
      long.hash.update(part)
      return
    }
    const joined = rest ? Buffer.concat([rest, part]) : part
    if (joined.length <= bytesMax) {
      rest = joined
      return
    }
    rest = undefined
    long = {
      kept: Buffer.from(joined.subarray(0, bytesMax)),
      lengthBytes: joined.length,
      hash: createHash('sha256').update(joined),
    }
  }

  function completeLine(part: Buffer): RawRecord {
    if (!rest && !long && part.length <= bytesMax) return recordOf(part)
    keep(part)
    const cut = long && { lengthBytes: long.lengthBytes, sha256: long.hash.digest('hex') }
    const record = recordOf(long?.kept ?? rest ?? Buffer.alloc(0), cut)
    rest = undefined
    long = undefined
    return record
  }

  return {
    push(next) {
      chunk = next
      start = 0
    },
    take() {
      const batch: RawRecord[] = []
      while (start < chunk.length && batch.length < BATCH_RECORDS_MAX) {
        const newline = chunk.indexOf(NEWLINE, start)
        if (newline === -1) {
          // A copy: a part of a line must not keep its whole chunk alive.
          keep(Buffer.from(chunk.subarray(start)))
          start = chunk.length
        } else {
          batch.push(completeLine(chunk.subarray(start, newline)))
          start = newline + 1
        }
      }
      if (ended && (rest || long)) batch.push(completeLine(Buffer.alloc(0)))
      return batch
    },
    end() {
      ended = true
      chunk = Buffer.alloc(0)
      start = 0
    },
  }
}
