/** Migrations, small facts, dead letters and columns on a real server. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { EventTimeMs, IncidentId, TokenId } from '../../src/event.ts'
import { ClickHouseError } from '../../src/store/clickhouse-error.ts'
import { openDatabase } from '../../src/store/clickhouse.ts'
import type { Database } from '../../src/store/database.ts'
import { countDeadLetters, listDeadLetters } from '../../src/store/dead-letters.ts'
import { checkSchema, migrate, readMigrations, SchemaError, schemaVersion } from '../../src/store/migrate.ts'
import { deadLetterColumns, eventColumns } from '../../src/store/rows.ts'
import { clickhouseSettings } from '../../src/store/settings.ts'
import { getState, replaceState, setStateOnce } from '../../src/store/state.ts'
import { testDatabase, testDatabaseName, testSettings } from '../support/clickhouse.ts'
import { NOON_MS, sampleDeadLetter, sampleEvent } from './sample.ts'

const db = await testDatabase('tables')
const { retention } = clickhouseSettings.parse({})

async function ttlOf(db: Database, table: string): Promise<string> {
  const [row] = await db.query(
    'SELECT create_table_query AS text FROM system.tables WHERE database = {database: String} AND name = {table: String}',
    { database: db.name, table },
    z.object({ text: z.string() }),
  )
  return /TTL (.*?)( SETTINGS|$)/.exec(row!.text)?.[1] ?? ''
}

describe('migrations', () => {
  test('a fresh database is behind, and the error names the command', async () => {
    await using fresh = await openDatabase(testSettings(testDatabaseName('fresh')))
    const error: unknown = await checkSchema(fresh).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(SchemaError)
    expect(error).toMatchObject({ message: expect.stringContaining('tokenwatch migrate') as string })
    expect(await migrate(fresh, retention)).toEqual(readMigrations().map((migration) => migration.name))
    await checkSchema(fresh)
    expect(await migrate(fresh, retention)).toEqual([])
    await fresh.command(`DROP DATABASE ${fresh.name}`)
  })

  test('a run that broke off, or a second run at once, does no harm', async () => {
    await using fresh = await openDatabase(testSettings(testDatabaseName('twice')))
    await Promise.all([migrate(fresh, retention), migrate(fresh, retention)])
    await fresh.command('TRUNCATE TABLE schema_migrations')
    await migrate(fresh, retention)
    await checkSchema(fresh)
    await fresh.command(`DROP DATABASE ${fresh.name}`)
  })

  test('a schema of a newer program is refused', async () => {
    await using fresh = await openDatabase(testSettings(testDatabaseName('newer')))
    await migrate(fresh, retention)
    await fresh.command('INSERT INTO schema_migrations SELECT {version: UInt32}, $$later.sql$$, now64(3)', {
      version: schemaVersion() + 1,
    })
    await expect(checkSchema(fresh)).rejects.toThrow(SchemaError)
    await expect(migrate(fresh, retention)).rejects.toThrow(SchemaError)
    await fresh.command(`DROP DATABASE ${fresh.name}`)
  })

  test('an older server is refused', async () => {
    await expect(checkSchema({ ...db, version: '26.6.9.1' })).rejects.toThrow(SchemaError)
    await expect(checkSchema({ ...db, version: '25.8.1.1' })).rejects.toThrow(SchemaError)
    await checkSchema({ ...db, version: '27.1.1.1' })
  })

  test('retention follows the settings when they change', async () => {
    await using fresh = await openDatabase(testSettings(testDatabaseName('retention')))
    await migrate(fresh, retention)
    expect(await ttlOf(fresh, 'events')).toBe('toDateTime(ingested_at) + toIntervalDay(90)')
    expect(await ttlOf(fresh, 'dead_letters')).toBe('toDateTime(ingested_at) + toIntervalDay(14)')
    expect(await ttlOf(fresh, 'deliveries')).toBe('toDateTime(attempted_at) + toIntervalDay(400)')
    await migrate(fresh, { ...retention, eventsDays: 30 })
    expect(await ttlOf(fresh, 'events')).toBe('toDateTime(ingested_at) + toIntervalDay(30)')
    await fresh.command(`DROP DATABASE ${fresh.name}`)
  })

  test('every table that a block or a view writes remembers enough tokens', async () => {
    const tables = await db.query(
      `SELECT name, engine, position(engine_full, 'non_replicated_deduplication_window = 100000') > 0 AS remembers
       FROM system.tables WHERE database = {database: String} AND engine LIKE '%MergeTree' AND name != 'schema_migrations'`,
      { database: db.name },
      z.object({ name: z.string(), engine: z.string(), remembers: z.number() }),
    )
    expect(tables.length).toBeGreaterThanOrEqual(12)
    expect(tables.filter((table) => table.remembers === 0)).toEqual([])
  })
})

describe('state', () => {
  test('the first write wins, among several at once too', async () => {
    expect(await getState(db, 'first-run')).toBeUndefined()
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((value) => setStateOnce(db, 'first-run', value)))
    expect(new Set(answers).size).toBe(1)
    expect(await setStateOnce(db, 'first-run', 'late')).toBe(answers[0])
    expect(await getState(db, 'first-run')).toBe(answers[0])
  })

  test('a deliberate replacement wins over what was there', async () => {
    await setStateOnce(db, 'key-id', 'old')
    await replaceState(db, 'key-id', 'new')
    expect(await getState(db, 'key-id')).toBe('new')
    expect(await setStateOnce(db, 'key-id', 'other')).toBe('new')
  })
})

test('dead letters are listed by reason, latest first, and counted once each', async () => {
  const letters = [
    sampleDeadLetter(1),
    sampleDeadLetter(2, { reason: 'tombstone', sha256: '', lengthBytes: 0 }),
    sampleDeadLetter(3, { excerpt: `{"a":"\u202e'; DROP"}` }),
  ]
  for (const token of ['block', 'processed again'])
    await db.insert('dead_letters', deadLetterColumns(letters, NOON_MS), letters.length, token)
  expect(await listDeadLetters(db, { limit: 10 })).toEqual(
    letters.toReversed().map((letter) => ({ ...letter, ingestedAtMs: NOON_MS })),
  )
  expect(await listDeadLetters(db, { limit: 10, reason: 'tombstone' })).toHaveLength(1)
  expect(await listDeadLetters(db, { limit: 2 })).toHaveLength(2)
  expect([...(await countDeadLetters(db))]).toEqual([
    ['not-json', 2],
    ['tombstone', 1],
  ])
})

test('an event comes back column for column', async () => {
  const events = [
    sampleEvent(7, {
      position: { topic: 'columns', partition: 5, offset: 2 ** 40, index: 3 },
      tokenKind: 'jwt',
      truncated: true,
      surpriseBits: 12.25,
      reasons: ['new-country', 'new-address'],
      incidentId: 'incident-9' as IncidentId,
      learned: 64,
      held: 1 | 32,
      fresh: 1,
      sight: 64,
      home: 'AS3320',
      firsts: 0x105,
      peerWindowMs: NOON_MS,
    }),
    sampleEvent(8, { position: { topic: 'columns', partition: 5, offset: 2 ** 40 + 1, index: 0 } }),
  ]
  await db.insert('events', eventColumns(events, NOON_MS + 1, 'key-7'), 2, 'columns')
  const rows = await db.query(
    `SELECT * FROM events WHERE topic = 'columns' ORDER BY offset`,
    {},
    z.looseObject({ key_id: z.string() }),
  )
  expect(rows[0]).toEqual({
    topic: 'columns',
    partition: 5,
    offset: 2 ** 40,
    record_index: 3,
    ingested_at: '2026-01-15T12:00:00.001Z',
    event_id: 'event-7',
    producer_id: '',
    time: '2026-01-15T12:00:07.000Z',
    token_id: 'tok_a',
    token_kind: 'jwt',
    key_id: 'key-7',
    token_name: 'build server',
    tenant: 'acme',
    service: 'api',
    region: 'eu-west-1',
    environment: 'prod',
    ip: '203.0.113.7',
    source_text: '',
    source_class: 'public',
    country: 'DE',
    geo_region: 'BE',
    city: 'Berlin',
    place: 'DE|BE|Berlin|52.5,13.4',
    network: 'AS3320',
    network_name: 'Deutsche Telekom',
    prefix: '203.0.113.0/24',
    address: '203.0.113.7',
    method: 'GET',
    path: '/v1/users/7',
    gateway_route: '',
    operation: '',
    route: '/v1/users/{id}',
    status: 200,
    error_code: '',
    user_agent: 'curl/8.0',
    agent: 'curl',
    agent_version: '8',
    bytes_in: 10,
    bytes_out: 20,
    latency_ms: 1.5,
    truncated: 1,
    surprise_bits: 12.25,
    reasons: ['new-country', 'new-address'],
    incident_id: 'incident-9',
    learned: 64,
    held: 33,
    fresh: 1,
    sight: 64,
    home: 'AS3320',
    firsts: 0x105,
    peer_window: '2026-01-15T12:00:00.000Z',
  })
  expect(rows[1]!.key_id).toBe('')
})

describe('errors', () => {
  const row = z.object({})

  test('a server error is parsed into code and type, and is not tried again where that cannot help', async () => {
    const error: unknown = await db.query('SELECT * FROM nowhere', {}, row).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ClickHouseError)
    expect(error).toMatchObject({ code: 60, type: 'UNKNOWN_TABLE', retryable: false })
  })

  test('an error in the middle of a result is an error, not a short result', async () => {
    const sql = 'SELECT throwIf(number = 3000000) AS x FROM numbers(4000000)'
    await expect(db.query(sql, {}, row)).rejects.toMatchObject({ code: 395 })
  })

  test('no answer may be tried again', async () => {
    const settings = clickhouseSettings.parse({ url: 'http://kim:geheim77@127.0.0.1:1', database: 'x' })
    const error: unknown = await openDatabase(settings).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 0, type: 'ECONNREFUSED', retryable: true })
  })

  test('an aborted request throws the reason of its signal', async () => {
    const reason = new Error('stop')
    await expect(db.query('SELECT 1', {}, row, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test('no message holds user, password or address', async () => {
    const { url, password } = { url: testSettings('x').url!.reveal(), password: 'geheim77' }
    const settings = clickhouseSettings.parse({ url: url.replace('//', `//kim:${password}@`), database: 'x' })
    const error: unknown = await openDatabase(settings).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ClickHouseError)
    const text = `${(error as Error).stack} ${JSON.stringify(error)}`
    expect(text).not.toContain('kim')
    expect(text).not.toContain(password)
    const refused: unknown = await openDatabase(testSettings('x'))
      .then((other) => other.query(`SELECT '${password}' AS x FROM nowhere`, {}, row))
      .catch((error: unknown) => error)
    expect((refused as Error).message).not.toContain(testSettings('x').password!.reveal())
  })

  test('a parameter longer than a server takes is refused with the remedy', async () => {
    await expect(db.query('SELECT {ids: Array(String)}', { ids: ['x'.repeat(140_000)] }, row)).rejects.toThrow(
      /batches/,
    )
  })

  test('a value is never part of the statement', async () => {
    const value = `'; DROP TABLE events; --\\ \n\t\u0000`
    const [found] = await db.query(
      'SELECT {value: String} AS value, {values: Array(String)} AS values',
      { value, values: [value, ''] },
      z.object({ value: z.string(), values: z.array(z.string()) }),
    )
    expect(found).toEqual({ value, values: [value, ''] })
  })
})

test('times at the edges of what is accepted are stored as they are', async () => {
  const times = [Date.UTC(1970, 0, 1), Date.UTC(2016, 1, 29, 23, 59, 59, 999), NOON_MS]
  const events = times.map((timeMs, offset) =>
    sampleEvent(offset, {
      timeMs: timeMs as EventTimeMs,
      tokenId: 'tok_times' as TokenId,
      position: { topic: 'times', partition: 0, offset, index: 0 },
    }),
  )
  await db.insert('events', eventColumns(events, NOON_MS, ''), events.length, 'times')
  const rows = await db.query(
    `SELECT toUnixTimestamp64Milli(time) AS time FROM events WHERE topic = 'times' ORDER BY offset`,
    {},
    z.object({ time: z.number() }),
  )
  expect(rows.map((row) => row.time)).toEqual(times)
})
