/** What was known when a window of event time began? Snapshots that are taken once, whoever comes first, and then hold. */
import { z } from 'zod'
import type { Database } from './database.ts'
import { identifier } from './identifier.ts'
import { columnsOf } from './rows.ts'

/** Those of the times, in milliseconds, of which the table holds a snapshot. */
export async function readSnapshots<T>(
  db: Database,
  table: string,
  timesMs: readonly number[],
  bodySchema: z.ZodType<T>,
): Promise<ReadonlyMap<number, T>> {
  const rows = await db.query(
    `SELECT toUnixTimestamp64Milli(slot) AS time, body FROM ${identifier(table)} FINAL
     WHERE toUnixTimestamp64Milli(slot) IN {times: Array(Int64)}`,
    { times: timesMs },
    z.object({ time: z.number(), body: z.string() }),
  )
  return new Map(rows.map(({ time, body }) => [time, bodySchema.parse(JSON.parse(body))]))
}

/** Keeps a snapshot and returns it, unless another process was first: then that one's. */
export async function keepSnapshot<T>(
  db: Database,
  table: string,
  timeMs: number,
  body: unknown,
  bodySchema: z.ZodType<T>,
): Promise<T> {
  const { text, time } = columnsOf([JSON.stringify(body)])
  const columns = [time('slot', () => timeMs), text('body', (json) => json), time('taken_at', () => Date.now())]
  await db.insert(table, columns, 1, `${table}/${timeMs}`)
  return (await readSnapshots(db, table, [timeMs], bodySchema)).get(timeMs) ?? bodySchema.parse(body)
}
