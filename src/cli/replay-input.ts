/** What `tokenwatch replay` reads, and how it is decoded: ahead, in a thread of its own, wherever that is possible. */
import { availableParallelism } from 'node:os'
import type { Config } from '../config.ts'
import { decodeAhead } from '../decode-ahead.ts'
import type { Detection } from '../detection.ts'
import type { Decoded } from '../ingest/decode.ts'
import { type FileProgress, readRecords } from '../ingest/file.ts'
import type { DecodedRecord } from '../ingest/packed-records.ts'
import type { RawRecord } from '../ingest/source.ts'

export interface ReplayInput {
  readonly batches: AsyncIterable<readonly RawRecord[]>
  readonly decode: (record: RawRecord, ingestedAtMs: number) => Decoded
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
  detection: Pick<Detection, 'decode'>,
): ReplayInput {
  const { messageBytesMax, eventBytesMax, lateMaxMs, futureMaxMs, format } = config.ingest
  const { fingerprintKey, tokenMemoEntriesMax, trustedProxies } = config.enrich
  if (isStored || input === '-' || availableParallelism() === 1) {
    const source = input === '-' ? process.stdin : input
    return {
      batches: readRecords({ input: source, topic, messageBytesMax, onProgress }),
      decode: (record, ingestedAtMs) => detection.decode(record, ingestedAtMs, false),
    }
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
  return {
    batches: decodeAhead(thread, onProgress),
    decode: (record) => (record as DecodedRecord).decoded,
  }
}
