/** What `tokenwatch replay` reads, and how it is decoded: ahead, in a thread of its own, wherever that is possible. */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { Config } from '../config.ts'
import { decodeAhead } from '../decode-ahead.ts'
import { type FileProgress, readRecords } from '../ingest/file.ts'
import type { RawRecord } from '../ingest/source.ts'
import { ExitCode, UserError } from './command.ts'

export interface ReplayInput {
  readonly batches: AsyncIterable<readonly RawRecord[]>
  /** The records are `DecodedRecord`s. */
  readonly isDecoded: boolean
}

export interface ReplayInputOptions {
  /** A path, `-` for standard input. */
  readonly input: string
  readonly topic: string
  /** A store takes records by their bytes, which stay behind in the other thread. */
  readonly isStored: boolean
  readonly onProgress: (progress: FileProgress) => void
}

export function openReplayInput(
  { input, topic, isStored, onProgress }: ReplayInputOptions,
  config: Config,
): ReplayInput {
  const { messageBytesMax, eventBytesMax, lateMaxMs, futureMaxMs, format } = config.ingest
  const { fingerprintKey, tokenMemoEntriesMax, trustedProxies } = config.enrich
  if (isStored || input === '-' || availableParallelism() === 1) {
    const source = input === '-' ? process.stdin : input
    return { batches: readRecords({ input: source, topic, messageBytesMax, onProgress }), isDecoded: false }
  }
  const thread = {
    input,
    topic,
    settings: { messageBytesMax, eventBytesMax, lateMaxMs, futureMaxMs },
    format,
    fingerprintKey: fingerprintKey?.reveal(),
    tokenMemoEntriesMax,
    trustedProxies,
  }
  return { batches: decodeAhead(thread, onProgress), isDecoded: true }
}

export async function mustBeReadable(option: string, path: string): Promise<void> {
  try {
    await access(path, constants.R_OK)
  } catch (error) {
    throw unreadable(option, path, error)
  }
}

function unreadable(option: string, path: string, error: unknown): UserError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
  return new UserError(`${option} ${path}: cannot be read (${code})`, { exitCode: ExitCode.usage, cause: error })
}

/** A directory, or damaged gzip, shows only while it is read. */
export async function* explainReading<T>(input: string, batches: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* batches
  } catch (error) {
    throw unreadable('--input', input, error)
  }
}
