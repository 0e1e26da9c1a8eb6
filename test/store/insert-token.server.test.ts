/** The promise on which everything else rests: a block under one token is in the table and in every view once. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ClickHouseError } from '../../src/store/clickhouse-error.ts'
import type { Database } from '../../src/store/database.ts'
import { eventColumns } from '../../src/store/rows.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { NOON_MS, sampleEvent } from './sample.ts'
import type { EventTimeMs } from '../../src/event.ts'

const DAY_MS = 86_400_000
const db = await testDatabase('token')

/** What every view must agree on: rows in the base, and the sum that each target gives for this topic's tokens. */
async function counts(db: Database, topic: string): Promise<Record<string, number>> {
  const sums = [
    `SELECT 'events' AS name, count() AS n FROM events WHERE topic = {topic: String}`,
    `SELECT 'positions', sum(rows) FROM positions WHERE topic = {topic: String}`,
    ...['network', 'route', 'agent', 'place'].map(
      (dimension) =>
        `SELECT '${dimension}', sum(hits) FROM token_values WHERE dimension = '${dimension}' AND startsWith(token_id, {topic: String})`,
    ),
    ...['token_activity_hour', 'token_activity_5min', 'source_activity'].map(
      (table) => `SELECT '${table}', sum(calls) FROM ${table} WHERE startsWith(token_id, {topic: String})`,
    ),
  ].join(' UNION ALL ')
  const rows = await db.query(sums, { topic }, z.object({ name: z.string(), n: z.number() }))
  return Object.fromEntries(rows.map((row) => [row.name, row.n]))
}

function all(n: number): Record<string, number> {
  return {
    events: n,
    positions: n,
    network: n,
    route: n,
    agent: n,
    place: n,
    token_activity_hour: n,
    token_activity_5min: n,
    source_activity: n,
  }
}

/** Events whose ids begin with the topic, spread over so many months. */
function block(topic: string, rows: number, months: number) {
  const events = Array.from({ length: rows }, (_, offset) =>
    sampleEvent(offset, {
      position: { topic, partition: 0, offset, index: 0 },
      tokenId: `${topic}-${offset % 97}` as never,
      timeMs: (NOON_MS - (offset % months) * 31 * DAY_MS) as EventTimeMs,
      address: `198.51.100.${offset % 251}`,
    }),
  )
  return eventColumns(events, NOON_MS, '')
}

function insert(topic: string, columns: ReturnType<typeof block>, token = topic): Promise<void> {
  return db.insert('events', columns, columns[0]!.values.length, token)
}

const HEAL = `INSERT INTO events SELECT * FROM events
  WHERE topic = {topic: String} AND partition = 0 AND ingested_at = fromUnixTimestamp64Milli({at: Int64}) ORDER BY offset`

describe('a repeated token', () => {
  test('is dropped by the table and by every view', async () => {
    const columns = block('repeat', 5000, 3)
    for (let time = 0; time < 3; time++) await insert('repeat', columns)
    expect(await counts(db, 'repeat')).toEqual(all(5000))
  })

  test('wins over the content', async () => {
    await insert('content', block('content', 100, 1))
    await insert('content', block('content', 200, 1))
    expect(await counts(db, 'content')).toEqual(all(100))
  })

  test('holds for a block of more than 100 months', async () => {
    const columns = block('months', 1200, 101)
    await insert('months', columns)
    await insert('months', columns)
    expect(await counts(db, 'months')).toEqual(all(1200))
  })

  test('holds for a block that the server would cut by its own settings', async () => {
    const columns = block('large', 200_000, 2)
    await insert('large', columns)
    await insert('large', columns)
    expect(await counts(db, 'large')).toEqual(all(200_000))
  })

  test('holds among three clients at once', async () => {
    const columns = block('three', 2000, 2)
    await Promise.all([insert('three', columns), insert('three', columns), insert('three', columns)])
    expect(await counts(db, 'three')).toEqual(all(2000))
  })

  test('leaves blocks under other tokens alone', async () => {
    await insert('other', block('other', 10, 1), 'other/1')
    await insert('other', block('other', 10, 1), 'other/2')
    expect(await counts(db, 'other')).toEqual(all(20))
  })
})

test('a block of many rows and dimensions is one part in each partition', async () => {
  const fresh = await db.query(
    `SELECT table, max(parts) AS parts FROM (
       SELECT table, partition_id, count() AS parts FROM system.parts
       WHERE database = {name: String} AND level = 0 AND active AND table IN ('token_values', 'events')
       GROUP BY table, partition_id) GROUP BY table`,
    { name: db.name },
    z.object({ table: z.string(), parts: z.number() }),
  )
  expect(fresh.length).toBeGreaterThan(0)
})

describe('a view that fails', () => {
  /** Throws for one topic only; its name sorts between the others. */
  async function withBrokenView(topic: string, run: () => Promise<void>): Promise<void> {
    await db.command('CREATE TABLE IF NOT EXISTS broken (x UInt8) ENGINE = MergeTree ORDER BY x')
    await db.command(
      `CREATE MATERIALIZED VIEW ${topic}_q_view TO broken AS SELECT throwIf(topic = '${topic}') AS x FROM events`,
    )
    try {
      await run()
    } finally {
      await db.command(`DROP VIEW ${topic}_q_view SYNC`)
    }
  }

  test('fails the insert, and the retry fills what is missing in every view', async () => {
    const columns = block('retry', 5000, 3)
    await withBrokenView('retry', async () => {
      await expect(insert('retry', columns)).rejects.toThrow(ClickHouseError)
    })
    expect(await counts(db, 'retry')).not.toEqual(all(5000))
    await insert('retry', columns)
    expect(await counts(db, 'retry')).toEqual(all(5000))
    await insert('retry', columns)
    expect(await counts(db, 'retry')).toEqual(all(5000))
  })

  test('is healed from the table itself under the same token, and healing again changes nothing', async () => {
    const columns = block('heal', 150_000, 3)
    await withBrokenView('heal', async () => {
      await expect(insert('heal', columns)).rejects.toThrow(ClickHouseError)
    })
    const before = await counts(db, 'heal')
    expect(before['events']).toBe(150_000)
    expect(before).not.toEqual(all(150_000))
    for (let time = 0; time < 2; time++) {
      await db.command(HEAL, { topic: 'heal', at: NOON_MS }, { insertToken: 'heal' })
      expect(await counts(db, 'heal')).toEqual(all(150_000))
    }
  })
})
