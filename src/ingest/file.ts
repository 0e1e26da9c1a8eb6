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

interface LineSplitter {
  push(chunk: Buffer): void
  /** The next records, at most a batch of them; empty when the rest of a line is awaited. */
  take(): readonly RawRecord[]
  /** The last line may lack its newline. */
  end(): void
}

function createLineSplitter(topic: string, bytesMax: number): LineSplitter {
  const open = createOpenLine(bytesMax)
  let offset = 0
  let chunk: Buffer = Buffer.alloc(0)
  let start = 0
  let isEnded = false

  function recordOf(last: Buffer): RawRecord {
    const line = open.isEmpty() && last.length <= bytesMax ? undefined : open.close(last)
    const record = { topic, partition: 0, offset: offset++, value: last }
    return line === undefined ? record : { ...record, ...line }
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
        if (newline === -1) open.add(chunk.subarray(start))
        else batch.push(recordOf(chunk.subarray(start, newline)))
        start = newline === -1 ? chunk.length : newline + 1
      }
      if (isEnded && !open.isEmpty()) batch.push(recordOf(Buffer.alloc(0)))
      return batch
    },
    end() {
      isEnded = true
      chunk = Buffer.alloc(0)
      start = 0
    },
  }
}

/** A line whose end has not come yet. Of one that is too long only the beginning is kept, and a hash of all. */
interface OpenLine {
  isEmpty(): boolean
  add(part: Buffer): void
  /** The line with its last part; the next one begins. */
  close(last: Buffer): Pick<RawRecord, 'value' | 'cut'>
}

function createOpenLine(bytesMax: number): OpenLine {
  let parts: Buffer[] = []
  let lengthBytes = 0
  let hash: Hash | undefined

  function add(part: Buffer): void {
    lengthBytes += part.length
    hash?.update(part)
    if (hash || part.length === 0) return
    // A copy: a part of a line must not keep its whole chunk alive.
    parts.push(Buffer.from(part))
    if (lengthBytes <= bytesMax) return
    hash = createHash('sha256')
    for (const each of parts) hash.update(each)
    parts = [Buffer.concat(parts).subarray(0, bytesMax)]
  }

  return {
    isEmpty: () => lengthBytes === 0,
    add,
    close(last) {
      add(last)
      const value = Buffer.concat(parts)
      const line = hash ? { value, cut: { lengthBytes, sha256: hash.digest('hex') } } : { value }
      parts = []
      lengthBytes = 0
      hash = undefined
      return line
    },
  }
}
