/** A database of an earlier version, with rows in it: what is there is kept, and what comes is counted once. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Finding } from '../../src/detect/finding.ts'
import type { TokenId } from '../../src/event.ts'
import { createTokenState } from '../../src/fold.ts'
import { openDatabase } from '../../src/store/clickhouse.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import type { Column } from '../../src/store/native.ts'
import { lookUpPeers, readPeerSnapshot, takePeerSnapshot } from '../../src/store/peers.ts'
import { loadTokenStates } from '../../src/store/profiles.ts'
import { eventColumns, findingColumns } from '../../src/store/rows.ts'
import { clickhouseSettings } from '../../src/store/settings.ts'
import { testDatabaseName, testSettings } from '../support/clickhouse.ts'
import { NOON_MS, sampleEvent, sampleFinding } from './sample.ts'

const { retention } = clickhouseSettings.parse({})
const LONG_RETENTION = { ...retention, eventsDays: 18_250, findingsDays: 18_250 }

/** A database as the program of that version left it, for the time of one test. */
async function databaseAt(version: number): Promise<Database> {
  const db = await openDatabase(testSettings(testDatabaseName('older')))
  onTestFinished(async () => {
    await db.command(`DROP DATABASE ${db.name} SYNC`)
    await db.close()
  })
  await db.create()
  await db.command(
    `CREATE TABLE schema_migrations (version UInt32, name String, applied_at DateTime64(3, 'UTC'))
     ENGINE = ReplacingMergeTree ORDER BY version`,
  )
  for (const { version: of, name, statements } of readMigrations().filter(
    (migration) => migration.version <= version,
  )) {
    for (const statement of statements) await db.command(statement)
    await db.command('INSERT INTO schema_migrations SELECT {of: UInt32}, {name: String}, now64(3)', { of, name })
  }
  return db
}

/** Inserts what the table has columns for, as a program of its version would. */
async function insert(db: Database, table: string, columns: readonly Column[], rows: number, token: string) {
  const known = await db.query(
    'SELECT name FROM system.columns WHERE database = {database: String} AND table = {table: String}',
    { database: db.name, table },
    z.object({ name: z.string() }),
  )
  const names = new Set(known.map(({ name }) => name))
  await db.insert(
    table,
    columns.filter(({ name }) => names.has(name)),
    rows,
    token,
  )
}

async function storeFindings(db: Database, findings: readonly Finding[], token: string): Promise<void> {
  await insert(db, 'findings', findingColumns(findings, NOON_MS), findings.length, token)
}

const OLD_FINDINGS = [sampleFinding(1, { bits: 4.5 }), sampleFinding(2, { bits: 8 })]

/** Calls of one hour, by what each of them taught. */
async function storeEvents(db: Database, from: number, learned: readonly number[], token: string): Promise<void> {
  const events = learned.map((mask, at) => sampleEvent(from + at, { learned: mask, fresh: 0 }))
  await insert(db, 'events', eventColumns(events, NOON_MS, ''), events.length, token)
}

/** Everything that there was to teach, and returns to a source with it. */
const OLD = [103, 103, 103]
const NEW = [103, 103 | 128, 103 | 256]

async function hour(db: Database): Promise<unknown> {
  const [row] = await db.query(
    `SELECT sum(token_activity_hour.calls) AS calls, sum(network_turns) AS network, sum(address_turns) AS address
     FROM token_activity_hour`,
    {},
    z.object({ calls: z.number(), network: z.number(), address: z.number() }),
  )
  return row
}

describe('a database from before evidence was stored', () => {
  test('keeps its rollups, counts returns from then on, and a block that is written again is known', async () => {
    const db = await databaseAt(5)
    await storeEvents(db, 0, OLD, 'before')
    expect(await migrate(db, LONG_RETENTION)).toContain('006_evidence.sql')
    expect(await hour(db)).toEqual({ calls: 3, network: 0, address: 0 })
    await storeEvents(db, 0, OLD, 'before')
    expect(await hour(db)).toEqual({ calls: 3, network: 0, address: 0 })
    for (const _ of [1, 2]) await storeEvents(db, 3, NEW, 'after')
    expect(await hour(db)).toEqual({ calls: 6, network: 1, address: 1 })
  })

  test('loses no row that is written while it is migrated', async () => {
    const db = await databaseAt(5)
    const blocks = Array.from({ length: 12 }, (_, at) => at)
    const [names] = await Promise.all([
      migrate(db, LONG_RETENTION),
      ...blocks.map((at) => storeEvents(db, at * 3, OLD, `block ${at}`)),
    ])
    expect(names).toContain('006_evidence.sql')
    expect(await hour(db)).toMatchObject({ calls: 36 })
  })

  test('shows its incidents with the plain sum that they had, and new ones with the highest', async () => {
    const db = await databaseAt(5)
    await storeFindings(db, OLD_FINDINGS, 'old')
    await migrate(db, LONG_RETENTION)
    const incidents = () => db.query('SELECT concern, surprise_bits, severity FROM incidents', {}, z.looseObject({}))
    expect(await incidents()).toEqual([{ concern: 'misuse', surprise_bits: 12.5, severity: '' }])
    const later = [sampleFinding(3, { bits: 9, sumBits: 20 }), sampleFinding(4, { bits: 9, sumBits: 23 })]
    await storeFindings(db, later, 'new')
    expect(await incidents()).toEqual([{ concern: 'misuse', surprise_bits: 23, severity: '' }])
  })

  test('gives states that hold them as misuse, without evidence', async () => {
    const db = await databaseAt(5)
    await storeFindings(db, OLD_FINDINGS, 'old')
    await migrate(db, LONG_RETENTION)
    const profile = { valuesMax: 16, adoptAfterMs: 1, incidentGapMs: 1 }
    const create = (tokenId: TokenId) => createTokenState(tokenId, profile)
    const horizon = { topic: 'access', partition: 0, firstOffset: 100, ingestedAtMs: 8_000_000_000_000 }
    const states = await loadTokenStates(db, create, ['tok_a' as TokenId], horizon)
    const state = states.get('tok_a' as TokenId)
    expect(state?.evidence).toBe(undefined)
    expect(state?.profile.lastFindingMs).toBe(NOON_MS + 2000)
    expect(Object.keys(state?.incidents ?? {})).toEqual(['misuse'])
    expect(state?.incidents.misuse).toMatchObject({ bits: 0, severityMin: undefined, isGrave: false })
  })
})

describe('a database from before peers were stored', () => {
  const LAST_WITHOUT = 10
  const OWN = { topic: 'new', partition: 0, ingestedAtMs: 0 }
  const PREFIXES = ['DE|', 'DE|AS3320|', 'DE|AS3320|203.0.113.0/24|', 'api|/v1/users/{id}|GET', 'curl|8']

  test('knows at once what its tokens learned, in their tenants, however often it is migrated', async () => {
    const db = await databaseAt(LAST_WITHOUT)
    await storeEvents(db, 0, [103, 103], 'before')
    await insert(
      db,
      'events',
      eventColumns([sampleEvent(9, { learned: 0, held: 103, country: 'FR' })], NOON_MS, ''),
      1,
      'held',
    )
    for (const _ of [1, 2]) {
      await migrate(db, LONG_RETENTION)
      await db.command(
        'ALTER TABLE schema_migrations DELETE WHERE version > {of: UInt32} SETTINGS mutations_sync = 1',
        {
          of: LAST_WITHOUT,
        },
      )
    }
    await takePeerSnapshot(db, NOON_MS)
    const known = await lookUpPeers(db, NOON_MS, OWN, { prefixes: [...PREFIXES, 'FR|', 'GET'], tenants: ['acme'] })
    expect(known.map(({ prefix }) => prefix).sort()).toEqual([...PREFIXES].sort())
    for (const { isAsked, tenant, windowMs } of known) expect({ isAsked, tenant, windowMs }).toEqual(IN_ACME)
    expect((await readPeerSnapshot(db, NOON_MS))?.changes).toEqual([])
  })

  const IN_ACME = { isAsked: true, tenant: 'acme', windowMs: NOON_MS }
})
