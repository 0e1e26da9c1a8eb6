/** One embedded ClickHouse for a whole test run, and a migrated database of its own for each test file. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, inject, onTestFailed, beforeEach } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { openDatabase } from '../../src/store/clickhouse.ts'
import type { Database } from '../../src/store/database.ts'
import { startEmbedded } from '../../src/store/embedded.ts'
import { identifier } from '../../src/store/identifier.ts'
import { migrate } from '../../src/store/migrate.ts'
import { clickhouseSettings } from '../../src/store/settings.ts'
import type { ClickHouseSettings } from '../../src/store/settings.ts'

export interface TestClickHouse {
  readonly url: string
  readonly user: string
  readonly password: string
  stop(): Promise<void>
}

/** For the global set-up: a server whose user may make databases called `tw_test_…`. Its data goes with it. */
export async function startTestClickHouse(): Promise<TestClickHouse> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tokenwatch-clickhouse-'))
  const remove = (): void => rmSync(dataDir, { recursive: true, force: true })
  try {
    const server = await startEmbedded({
      dataDir,
      memoryBytesMax: 3 * 2 ** 30,
      database: 'tw_test_*',
      log: silentLog,
    })
    return {
      url: server.url,
      user: server.user,
      password: server.password,
      async stop() {
        await server.stop()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

/** Settings that lead to one database of the run's server. */
export function testSettings(database: string): ClickHouseSettings {
  const { url, user, password } = inject('clickhouse')
  return clickhouseSettings.parse({ url, user, password, database })
}

/** A database name that no other test uses. */
export function testDatabaseName(label: string): string {
  const readable = label.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 30)
  return `tw_test_${readable}_${crypto.randomUUID().slice(0, 8)}`
}

/** Tests write with fixed times: rows older than the usual retention would be gone at once. */
const LONG_RETENTION = { eventsDays: 18_250, deadLettersDays: 18_250, findingsDays: 18_250 }

/**
 * A new database with the schema in it. Dropped when the file's tests have passed, kept and named when one has failed
 * (for as long as the run's server lives). Call it at the top of a file or of a `describe`, or in `beforeAll`.
 */
export async function testDatabase(label = 'db'): Promise<Database> {
  const db = await openDatabase(testSettings(testDatabaseName(label)))
  let failed = false
  beforeEach(() => {
    onTestFailed(() => {
      failed = true
    })
  })
  afterAll(async () => {
    if (failed) console.error(`the database ${db.name} was kept`)
    else await db.command(`DROP DATABASE IF EXISTS ${identifier(db.name)} SYNC`)
    await db.close()
  })
  await migrate(db, LONG_RETENTION)
  return db
}
