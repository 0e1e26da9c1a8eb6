/** What tokenwatch asks about itself: when did events last arrive, was this file read before, and a place for its alerts. */
import { z } from 'zod'
import type { Database } from './database.ts'
import { type PlacedAlert, alertColumns } from './rows.ts'

/** Stores alerts that no block carries; the same ids again change nothing. */
export async function insertAlerts(db: Database, alerts: readonly PlacedAlert[], ingestedAtMs: number): Promise<void> {
  const token = `alerts/${alerts.map(({ alert }) => alert.alertId).join('/')}`
  await db.insert('alerts', alertColumns(alerts, ingestedAtMs), alerts.length, token)
}

/** When an event of these topics was last stored, by any process; 0 where none was since `sinceMs`. */
export async function lastIngestedAtMs(db: Database, topics: readonly string[], sinceMs: number): Promise<number> {
  const rows = await db.query(
    `SELECT toUnixTimestamp64Milli(max(ingested_at)) AS at FROM events
     WHERE topic IN {topics: Array(String)} AND ingested_at >= fromUnixTimestamp64Milli({since: Int64})`,
    { topics, since: sinceMs },
    z.object({ at: z.number() }),
  )
  return rows[0]?.at ?? 0
}

/** Rows stored of a topic. */
export async function storedRows(db: Database, topic: string): Promise<number> {
  const rows = await db.query(
    'SELECT sum(rows) AS stored FROM positions WHERE topic = {topic: String}',
    { topic },
    z.object({ stored: z.number() }),
  )
  return rows[0]?.stored ?? 0
}

/** The event time that every partition of these topics has reached; 0 while one of them has no events. */
export async function watermarkMs(db: Database, topics: readonly string[]): Promise<number> {
  const rows = await db.query(
    `SELECT uniqExact(topic) AS topics, toUnixTimestamp64Milli(min(reached)) AS at FROM
       (SELECT topic, partition, max(greatest_time) AS reached FROM positions
        WHERE topic IN {topics: Array(String)} GROUP BY topic, partition)`,
    { topics },
    z.object({ topics: z.number(), at: z.number() }),
  )
  const found = rows[0]
  return found === undefined || found.topics < topics.length ? 0 : found.at
}
