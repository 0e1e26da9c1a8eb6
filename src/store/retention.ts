/** Drops months of the rollups that no profile looks at any more. Rows of other tables expire by their TTL. */
import { z } from 'zod'
import type { Database } from './database.ts'
import { identifier } from './identifier.ts'

/** Partitioned by month of event time. `positions` is no part of it: it must outlive every month. */
const MONTHLY_ROLLUPS = [
  'token_values',
  'token_activity_hour',
  'token_activity_5min',
  'source_activity',
  'source_visits',
  'source_homes',
  'source_snapshots',
  'peer_changes',
  'peer_snapshots',
  'handovers',
] as const

/**
 * Drops every month before the given one. Call it once each partition's watermark is far past those months: a late
 * event would begin its month anew.
 * @param beforeMonth year times 100 plus month, such as 202601.
 * @returns how many partitions were dropped.
 */
export async function dropOldMonths(db: Database, beforeMonth: number): Promise<number> {
  let dropped = 0
  for (const table of MONTHLY_ROLLUPS) {
    const months = await db.query(
      `SELECT DISTINCT toUInt32(_partition_id) AS month FROM ${identifier(table)}
       WHERE toUInt32(_partition_id) < {before: UInt32}`,
      { before: beforeMonth },
      z.object({ month: z.int().positive() }),
    )
    for (const { month } of months) await db.command(`ALTER TABLE ${identifier(table)} DROP PARTITION ${month}`)
    dropped += months.length
  }
  await forgetPeerValues(db, beforeMonth)
  return dropped
}

/** What no token has learned since is forgotten, however many use it: the next one that learns it makes it known again. */
async function forgetPeerValues(db: Database, beforeMonth: number): Promise<void> {
  const params = { before: beforeMonth }
  const [old] = await db.query(
    `SELECT count() AS old FROM (SELECT 1 FROM peer_values WHERE toYYYYMM(last) < {before: UInt32} LIMIT 1)`,
    params,
    z.object({ old: z.number() }),
  )
  if (old?.old === 0) return
  await db.command('ALTER TABLE peer_values DELETE WHERE toYYYYMM(last) < {before: UInt32}', params)
}
