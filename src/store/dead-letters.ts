/** Questions about records that could not become events. */
import { z } from 'zod'
import { DEAD_LETTER_REASONS } from '../ingest/dead-letter.ts'
import type { DeadLetter, DeadLetterReason } from '../ingest/dead-letter.ts'
import type { Database } from './database.ts'

const letterRow = z
  .object({
    topic: z.string(),
    partition: z.number(),
    offset: z.number(),
    record_index: z.number(),
    ingested_at_ms: z.number(),
    reason: z.enum(DEAD_LETTER_REASONS),
    detail: z.string(),
    excerpt: z.string(),
    length_bytes: z.number(),
    sha256: z.string(),
  })
  .transform((row) => ({
    position: { topic: row.topic, partition: row.partition, offset: row.offset, index: row.record_index },
    ingestedAtMs: row.ingested_at_ms,
    reason: row.reason,
    detail: row.detail,
    excerpt: row.excerpt,
    lengthBytes: row.length_bytes,
    sha256: row.sha256,
  }))

/** A dead letter and when it was written. */
export type StoredDeadLetter = DeadLetter & { readonly ingestedAtMs: number }

export interface DeadLetterFilter {
  readonly reason?: DeadLetterReason | undefined
  readonly limit: number
}

/** The latest first. */
export function listDeadLetters(db: Database, filter: DeadLetterFilter): Promise<StoredDeadLetter[]> {
  return db.query(
    `SELECT topic, partition, offset, record_index, toUnixTimestamp64Milli(ingested_at) AS ingested_at_ms, reason,
       detail, excerpt, length_bytes, sha256
     FROM dead_letters FINAL
     WHERE {reason: String} = '' OR reason = {reason: String}
     ORDER BY ingested_at DESC, topic, partition, offset DESC, record_index
     LIMIT {limit: UInt32}`,
    { reason: filter.reason ?? '', limit: filter.limit },
    letterRow,
  )
}

/** How many there are, by reason, most first; reasons without any are left out. */
export async function countDeadLetters(db: Database): Promise<ReadonlyMap<DeadLetterReason, number>> {
  const rows = await db.query(
    'SELECT reason, count() AS letters FROM dead_letters FINAL GROUP BY reason ORDER BY letters DESC, reason',
    {},
    z.object({ reason: z.enum(DEAD_LETTER_REASONS), letters: z.number() }),
  )
  return new Map(rows.map((row) => [row.reason, row.letters]))
}
