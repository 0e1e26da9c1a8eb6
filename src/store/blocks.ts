/** Stores blocks, in the order on which exactness rests, and tells of a block that was announced whether it landed. */
import pRetry from 'p-retry'
import { z } from 'zod'
import { type Block, insertToken } from '../block.ts'
import { ClickHouseError } from './clickhouse-error.ts'
import type { Database } from './database.ts'
import type { Column } from './native.ts'
import { alertColumns, deadLetterColumns, eventColumns, findingColumns } from './rows.ts'

const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 10_000

export interface BlockStoreDeps {
  readonly db: Database
  /** Id of the fingerprint key in use. */
  readonly keyId: string
  /** Called with each failure that is tried again. */
  readonly onRetry: (error: Error, attempt: number) => void
}

/** Every call tries again while ClickHouse is away, until its signal is aborted; what cannot succeed throws. */
export function createBlockStore({ db, keyId, onRetry }: BlockStoreDeps) {
  function persist<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    return pRetry(call, {
      signal,
      retries: Number.POSITIVE_INFINITY,
      factor: 2,
      minTimeout: RETRY_MS_MIN,
      maxTimeout: RETRY_MS_MAX,
      randomize: true,
      shouldRetry: ({ error }) => !signal.aborted && error instanceof ClickHouseError && error.retryable,
      onFailedAttempt: ({ error, attemptNumber }) => onRetry(error, attemptNumber),
    })
  }

  return {
    /** Dead letters, findings, alerts, then the events that caused them. */
    async write(block: Block, signal: AbortSignal): Promise<void> {
      const at = block.ingestedAtMs
      const tables: readonly [string, number, () => Column[]][] = [
        ['dead_letters', block.deadLetters.length, () => deadLetterColumns(block.deadLetters, at)],
        ['findings', block.findings.length, () => findingColumns(block.findings, at)],
        ['alerts', block.alerts.length, () => alertColumns(block.alerts, at)],
        ['events', block.events.length, () => eventColumns(block.events, at, keyId)],
      ]
      for (const [table, rows, columnsOf] of tables) {
        if (rows === 0) continue
        const columns = columnsOf()
        await persist(signal, () => db.insert(table, columns, rows, insertToken(block, table), signal))
      }
    },

    async hasLanded(topic: string, partition: number, ingestedAtMs: number, signal: AbortSignal): Promise<boolean> {
      const found = await persist(signal, () =>
        db.query(
          `SELECT count() AS rows FROM
             (SELECT 1 FROM events WHERE topic = {topic: String} AND partition = {partition: UInt32}
              AND ingested_at = fromUnixTimestamp64Milli({at: Int64}) LIMIT 1)`,
          { topic, partition, at: ingestedAtMs },
          z.object({ rows: z.number() }),
          signal,
        ),
      )
      return (found[0]?.rows ?? 0) > 0
    },

    /** Inserts the landed rows once more under their token: the table drops them, views that lack them fill. */
    async heal(block: Block, signal: AbortSignal): Promise<void> {
      await persist(signal, () =>
        db.command(
          `INSERT INTO events SELECT * FROM events WHERE topic = {topic: String} AND partition = {partition: UInt32}
           AND ingested_at = fromUnixTimestamp64Milli({at: Int64}) ORDER BY offset, record_index`,
          { topic: block.topic, partition: block.partition, at: block.ingestedAtMs },
          { insertToken: insertToken(block, 'events'), signal },
        ),
      )
    },
  }
}
