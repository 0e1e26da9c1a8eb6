/** Stores blocks, in the order on which exactness rests, and tells of a block that was announced whether it landed. */
import { z } from 'zod'
import { type Block, insertToken } from '../block.ts'
import type { Database } from './database.ts'
import type { Column } from './native.ts'
import { type OnRetry, persist } from './persist.ts'
import { alertColumns, deadLetterColumns, eventColumns, findingColumns } from './rows.ts'

export interface BlockStoreDeps {
  readonly db: Database
  /** Id of the fingerprint key in use. */
  readonly keyId: string
  readonly onRetry: OnRetry
}

/** Every call tries again while ClickHouse is away, until its signal is aborted; what cannot succeed throws. */
export function createBlockStore({ db, keyId, onRetry }: BlockStoreDeps) {
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
        await persist(signal, onRetry, () => db.insert(table, columns, rows, insertToken(block, table), signal))
      }
    },

    async hasLanded(topic: string, partition: number, ingestedAtMs: number, signal: AbortSignal): Promise<boolean> {
      const found = await persist(signal, onRetry, () =>
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
      await persist(signal, onRetry, () =>
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
