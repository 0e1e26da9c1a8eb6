/** Brings a database's schema up to what this program needs, by the numbered files of `sql/`, and checks that it is. */
import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { ClickHouseError } from './clickhouse-error.ts'
import type { Database } from './database.ts'
import { substitute } from './identifier.ts'
import type { ClickHouseSettings } from './settings.ts'
import { getState, replaceState } from './state.ts'

/** The oldest server that this is tested with: what it relies on changed in earlier and may differ in older ones. */
export const SERVER_VERSION_MIN = '26.7'

const MIGRATIONS = new URL('../../sql/', import.meta.url)

/** The schema or the server is not what this program needs. The message ends with the remedy. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly remedy: string
  constructor(message: string, remedy: string) {
    super(`${message}; ${remedy}`)
    this.remedy = remedy
  }
}

export interface Migration {
  readonly version: number
  readonly name: string
  readonly statements: readonly string[]
}

/** The numbered files in order. Statements end with `;` at the end of a line; whole-line comments are dropped. */
export function readMigrations(): Migration[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => /^\d{3}_.+\.sql$/.test(name))
    .sort()
    .map((name) => ({ version: Number(name.slice(0, 3)), name, statements: statementsOf(name) }))
}

function statementsOf(file: string): string[] {
  return readFileSync(new URL(file, MIGRATIONS), 'utf8')
    .replace(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

/** Of what the program brings along. */
export function schemaVersion(): number {
  return Math.max(...readMigrations().map((migration) => migration.version))
}

/** Throws SchemaError where the server is older than what is tested. */
export function checkServer(db: Database): void {
  const [major = 0, minor = 0] = db.version.split('.').map(Number)
  const [majorMin = 0, minorMin = 0] = SERVER_VERSION_MIN.split('.').map(Number)
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return
  throw new SchemaError(
    `ClickHouse ${db.version} is older than ${SERVER_VERSION_MIN}, the oldest version that tokenwatch is tested with`,
    `use ClickHouse ${SERVER_VERSION_MIN} or newer`,
  )
}

/** UNKNOWN_TABLE, UNKNOWN_DATABASE. */
const MISSING_CODES: ReadonlySet<number> = new Set([60, 81])

/** Applied versions; empty where there is no table, or no database, yet. */
async function appliedVersions(db: Database): Promise<ReadonlySet<number>> {
  try {
    const row = z.object({ version: z.number().int() })
    const rows = await db.query('SELECT DISTINCT version FROM schema_migrations', {}, row)
    return new Set(rows.map(({ version }) => version))
  } catch (error) {
    if (error instanceof ClickHouseError && MISSING_CODES.has(error.code)) return new Set()
    throw error
  }
}

/**
 * Creates the database and applies what is missing; every statement can be repeated, so that a run that broke off, or
 * two at once, do no harm. Sets how long rows are kept where that has changed. Throws SchemaError where the server is too
 * old, or a newer program has migrated the database.
 * @returns the names of the files applied.
 */
export async function migrate(db: Database, retention: ClickHouseSettings['retention']): Promise<string[]> {
  checkServer(db)
  await db.create()
  // ORDER BY version: its key; a repeated run merges.
  await db.command(
    `CREATE TABLE IF NOT EXISTS schema_migrations (version UInt32, name String, applied_at DateTime64(3, 'UTC'))
     ENGINE = ReplacingMergeTree ORDER BY version`,
  )
  const applied = await appliedVersions(db)
  refuseNewer(db, applied)
  const names: string[] = []
  for (const migration of readMigrations()) {
    if (applied.has(migration.version)) continue
    for (const statement of migration.statements) await db.command(statement)
    await db.command('INSERT INTO schema_migrations SELECT {version: UInt32}, {name: String}, now64(3)', {
      version: migration.version,
      name: migration.name,
    })
    names.push(migration.name)
  }
  await applyRetention(db, retention)
  return names
}

const RETENTION_KEY = 'retention'

/** Only where the days differ from what was applied last: changing a TTL rewrites parts. */
async function applyRetention(db: Database, retention: ClickHouseSettings['retention']): Promise<void> {
  const { eventsDays, deadLettersDays, findingsDays } = retention
  const wanted = JSON.stringify({ eventsDays, deadLettersDays, findingsDays })
  if ((await getState(db, RETENTION_KEY)) === wanted) return
  for (const statement of statementsOf('retention.sql')) await db.command(substitute(statement, retention))
  await replaceState(db, RETENTION_KEY, wanted)
}

/** Throws SchemaError where the schema is not the one that this program was written for. */
export async function checkSchema(db: Database): Promise<void> {
  checkServer(db)
  const applied = await appliedVersions(db)
  const missing = readMigrations().filter((migration) => !applied.has(migration.version))
  if (missing.length > 0)
    throw new SchemaError(
      `the schema of database ${db.name} is behind: ${missing.map((migration) => migration.name).join(', ')} not applied`,
      'run: tokenwatch migrate',
    )
  refuseNewer(db, applied)
}

function refuseNewer(db: Database, applied: ReadonlySet<number>): void {
  const newest = Math.max(...applied)
  if (newest <= schemaVersion()) return
  throw new SchemaError(
    `the schema of database ${db.name} is at version ${newest}, this tokenwatch knows ${schemaVersion()}`,
    'use the tokenwatch that migrated it, or a newer one',
  )
}
