/** A run of records of one partition that is stored as a whole: one insert, and one part, per table. */
import type { Finding, FoldedEvent } from './detect/finding.ts'
import type { TokenId } from './event.ts'
import type { DeadLetter } from './ingest/dead-letter.ts'
import type { TopicPartition } from './ingest/source.ts'
import type { PlacedAlert } from './store/rows.ts'

export interface Block {
  readonly topic: string
  readonly partition: number
  readonly firstOffset: number
  /** Of the last record taken, or what the intent says for a block that is made again. */
  lastOffset: number
  /** Fixed when the first record arrived; grows strictly within a partition. */
  readonly ingestedAtMs: number
  /** The block is made again from an intent: it ends where that says and nowhere else. */
  readonly isRetry: boolean
  /** Nothing more goes into it, however small it is. */
  isEnded: boolean
  /** Someone has to be told of it now: it holds an alert that does not wait for the daily review. */
  isUrgent: boolean
  /** The latest day of its events, since 1970; 0 while it has none. */
  latestDay: number
  records: number
  bytes: number
  /** When the block's first record was stamped, 0 when unknown: for the end-to-end latency. */
  firstTimestampMs: number
  readonly events: FoldedEvent[]
  readonly findings: Finding[]
  readonly alerts: PlacedAlert[]
  readonly deadLetters: DeadLetter[]
  /** Tokens whose state in memory is ahead of the database until the block is stored. */
  readonly tokens: Set<TokenId>
}

export function openBlock(
  head: Pick<Block, 'topic' | 'partition' | 'firstOffset' | 'lastOffset' | 'ingestedAtMs' | 'isRetry'>,
): Block {
  return {
    ...head,
    isEnded: false,
    isUrgent: false,
    latestDay: 0,
    records: 0,
    bytes: 0,
    firstTimestampMs: 0,
    events: [],
    findings: [],
    alerts: [],
    deadLetters: [],
    tokens: new Set(),
  }
}

/** A block of new records. Its `ingested_at` is this moment, or just after that of the block before it. */
export function openNewBlock(
  place: TopicPartition,
  firstOffset: number,
  nowMs: number,
  lastIngestedAtMs: number,
): Block {
  const { topic, partition } = place
  const ingestedAtMs = Math.max(nowMs, lastIngestedAtMs + 1)
  return openBlock({ topic, partition, firstOffset, lastOffset: firstOffset, ingestedAtMs, isRetry: false })
}

export interface BlockLimits {
  readonly rowsMax: number
  readonly bytesMax: number
}

/** Whether the block has to be stored now: it has ended, it is large, or someone has to be told. */
export function isFull(block: Block, limits: BlockLimits): boolean {
  return (
    block.isEnded ||
    block.isUrgent ||
    Math.max(block.records, block.events.length) >= limits.rowsMax ||
    block.bytes >= limits.bytesMax
  )
}

/** The token under which a table drops this block when it is inserted again. */
export function insertToken(block: Block, table: string): string {
  return `${block.topic}/${block.partition}/${block.firstOffset}-${block.lastOffset}@${block.ingestedAtMs}/${table}`
}
