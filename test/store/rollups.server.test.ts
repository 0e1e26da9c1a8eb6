/** What the views keep equals what the events say, whatever their masks, months and cuts into blocks. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { FoldedEvent } from '../../src/detect/finding.ts'
import type { EventTimeMs, SourceClass, TokenId } from '../../src/event.ts'
import { dropOldMonths } from '../../src/store/retention.ts'
import { eventColumns } from '../../src/store/rows.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { NOON_MS, sampleEvent } from './sample.ts'

const db = await testDatabase('rollups')
const INGESTED_MS = NOON_MS
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

interface ValueRow {
  month: string
  dimension: string
  value: string
  held: number
  first: number
  last: number
  entered: number
  hits: number
  days: number
}

const DIMENSIONS = [
  ['network', 1, (e: FoldedEvent) => [e.country || e.sourceClass, e.network, e.prefix, e.address].join('|')],
  ['route', 2, (e: FoldedEvent) => [e.service, e.route, e.method].join('|')],
  ['agent', 4, (e: FoldedEvent) => [e.agent, e.agentVersion].join('|')],
  ['place', 8, (e: FoldedEvent) => e.place],
  ['refused_route', 16, (e: FoldedEvent) => [e.service, e.route, e.method].join('|')],
] as const

/** An independent account of token_values. */
function valuesOf(events: readonly FoldedEvent[]): ValueRow[] {
  const rows = new Map<string, ValueRow>()
  for (const event of events) {
    const time = new Date(event.timeMs)
    for (const [dimension, bit, chain] of DIMENSIONS) {
      if (((event.learned | event.held) & bit) === 0) continue
      const month = `${time.toISOString().slice(0, 7)}-01`
      const [value, held] = [chain(event), event.held & bit ? 1 : 0]
      const key = JSON.stringify([dimension, value, held, month])
      const row = rows.get(key) ?? {
        month,
        dimension,
        value,
        held,
        first: Infinity,
        last: 0,
        entered: 0,
        hits: 0,
        days: 0,
      }
      row.first = Math.min(row.first, event.timeMs)
      row.last = Math.max(row.last, event.timeMs)
      if (event.fresh & bit) row.entered = Math.max(row.entered, event.timeMs)
      row.hits++
      row.days = (row.days | (1 << (time.getUTCDate() - 1))) >>> 0
      rows.set(key, row)
    }
  }
  return [...rows.values()]
}

/** An independent account of token_activity_*: returns to a source are counted by the hour only. */
function activityOf(events: readonly FoldedEvent[], bucketMs: number) {
  const turns = bucketMs === HOUR_MS ? { network_turns: 0, address_turns: 0 } : {}
  const rows = new Map<string, Record<string, number>>()
  for (const event of events) {
    const counted = ((event.learned | event.held) & 32) !== 0
    const errors = (event.learned & 64) !== 0
    if (!counted && !errors) continue
    const bucket = Math.floor(event.timeMs / bucketMs) * bucketMs
    const held = event.held & 32 ? 1 : 0
    const key = `${bucket} ${held}`
    const row = rows.get(key) ?? {
      bucket,
      held,
      calls: 0,
      unauthorized: 0,
      forbidden: 0,
      not_found: 0,
      rate_limited: 0,
      server_errors: 0,
      bytes: 0,
      last: 0,
      ...turns,
    }
    if (bucketMs === HOUR_MS) {
      if (event.learned & 128) row['network_turns']! += 1
      if (event.learned & 256) row['address_turns']! += 1
    }
    if (counted) {
      row['calls']! += 1
      row['bytes']! += event.bytesIn + event.bytesOut
      row['last'] = Math.max(row['last']!, event.timeMs)
    }
    const refused = { 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 429: 'rate_limited' }[event.status]
    if (errors && refused) row[refused]! += 1
    if (errors && event.status >= 500) row['server_errors']! += 1
    rows.set(key, row)
  }
  return [...rows.values()]
}

/** Rows as text in an order of their own, each with its columns in theirs. */
function sorted(rows: readonly object[]): string[] {
  const columns = (row: object) => Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return rows.map((row) => JSON.stringify(columns(row))).toSorted((a, b) => (a < b ? -1 : 1))
}

/** No bit in both masks; `fresh` only where one of them is set. */
const anyMasks = fc
  .tuple(fc.nat(511), fc.nat(511), fc.nat(31))
  .map(([a, b, c]) => ({ learned: withTurns(a & ~b), held: withTurns(b & 447), fresh: (a | b) & c }))

/** A return is counted with a call that counts. */
function withTurns(mask: number): number {
  return (mask & 32) === 0 ? mask & 127 : mask
}

const anyEvent = fc.record({
  masks: anyMasks,
  timeMs: fc.integer({ min: NOON_MS - 70 * DAY_MS, max: NOON_MS }),
  status: fc.constantFrom(0, 200, 401, 403, 404, 405, 429, 500, 503),
  country: fc.constantFrom('', 'DE', 'FR'),
  sourceClass: fc.constantFrom<SourceClass[]>('public', 'private'),
  network: fc.constantFrom('AS1', 'AS2'),
  route: fc.constantFrom('/a', '/b/{id}'),
  agent: fc.constantFrom('curl', ''),
  place: fc.constantFrom('', 'DE|BE|Berlin|52.5,13.4'),
  bytesIn: fc.nat(1000),
})

test('rollups equal an independent account of the same events', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEvent, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      async (drawn, cut) => {
        const token = `tok_${crypto.randomUUID()}`
        const events = drawn.map(({ masks, ...change }, offset) =>
          sampleEvent(offset, {
            ...change,
            ...masks,
            timeMs: change.timeMs as EventTimeMs,
            position: { topic: token, partition: 0, offset, index: 0 },
            tokenId: token as TokenId,
          }),
        )
        for (let from = 0; from < events.length; from += cut) {
          const part = events.slice(from, from + cut)
          await db.insert('events', eventColumns(part, INGESTED_MS, ''), part.length, `${token}/${from}`)
        }
        const values = await db.query(
          `SELECT toString(month) AS month, toString(dimension) AS dimension, value, held,
           toUnixTimestamp64Milli(min(first_seen)) AS first, toUnixTimestamp64Milli(max(last_seen)) AS last,
           toUnixTimestamp64Milli(max(entered_at)) AS entered, sum(hits) AS hits, groupBitOr(days) AS days
         FROM token_values WHERE token_id = {token: String} GROUP BY month, dimension, value, held`,
          { token },
          z.looseObject({ hits: z.number() }),
        )
        expect(sorted(values)).toEqual(sorted(valuesOf(events)))
        for (const [table, bucketMs, turns] of [
          [
            'token_activity_hour',
            HOUR_MS,
            ', sum(network_turns) AS network_turns, sum(address_turns) AS address_turns',
          ],
          ['token_activity_5min', HOUR_MS / 12, ''],
        ] as const) {
          const activity = await db.query(
            `SELECT toInt64(toUnixTimestamp(bucket)) * 1000 AS bucket, held, sum(calls) AS calls, sum(unauthorized) AS unauthorized,
             sum(forbidden) AS forbidden, sum(not_found) AS not_found, sum(rate_limited) AS rate_limited,
             sum(server_errors) AS server_errors, sum(bytes) AS bytes, toUnixTimestamp64Milli(max(last_seen)) AS last ${turns}
           FROM ${table} WHERE token_id = {token: String} GROUP BY bucket, held`,
            { token },
            z.looseObject({ calls: z.number() }),
          )
          expect(sorted(activity)).toEqual(sorted(activityOf(events, bucketMs)))
        }
      },
    ),
    { numRuns: 15 },
  )
})

describe('what never enters', () => {
  test('a call without a token is stored, and is in positions only', async () => {
    const events = [
      sampleEvent(0, { tokenId: '' as TokenId, position: { topic: 'no-token', partition: 3, offset: 41, index: 0 } }),
    ]
    await db.insert('events', eventColumns(events, INGESTED_MS, ''), 1, 'no-token')
    const [row] = await db.query(
      `SELECT (SELECT count() FROM events WHERE token_id = '') AS events,
         (SELECT count() FROM token_values WHERE token_id = '') + (SELECT count() FROM token_activity_hour WHERE token_id = '')
           + (SELECT count() FROM source_activity WHERE token_id = '') AS rollups,
         (SELECT max(greatest_offset) FROM positions WHERE topic = 'no-token' AND partition = 3) AS greatest_offset`,
      {},
      z.object({ events: z.number(), rollups: z.number(), greatest_offset: z.number() }),
    )
    expect(row).toEqual({ events: 1, rollups: 0, greatest_offset: 41 })
  })
})

test('months are dropped whole, positions never', async () => {
  const event = (offset: number, timeMs: number) =>
    sampleEvent(offset, {
      timeMs: timeMs as EventTimeMs,
      tokenId: 'tok_months' as TokenId,
      position: { topic: 'months', partition: 0, offset, index: 0 },
    })
  const events = [event(0, Date.UTC(2025, 2, 31, 23)), event(1, Date.UTC(2025, 3, 1))]
  await db.insert('events', eventColumns(events, INGESTED_MS, ''), 2, 'months')
  expect(await dropOldMonths(db, 202_504)).toBe(4)
  expect(await dropOldMonths(db, 202_504)).toBe(0)
  const rows = await db.query(
    `SELECT DISTINCT toString(month) AS month, (SELECT sum(rows) FROM positions WHERE topic = 'months') AS stored
     FROM token_values WHERE token_id = 'tok_months'`,
    {},
    z.object({ month: z.string(), stored: z.number() }),
  )
  expect(rows).toEqual([{ month: '2025-04-01', stored: 2 }])
})
