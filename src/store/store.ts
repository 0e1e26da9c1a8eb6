/** Opens the configured ClickHouse: a server by its address, or the embedded one of the data directory. */
import { setTimeout as delay } from 'node:timers/promises'
import { silentLog } from '../log.ts'
import type { Log } from '../log.ts'
import { Secret } from '../secret.ts'
import { openDatabase } from './clickhouse.ts'
import type { Database } from './database.ts'
import { findEmbedded } from './embedded-access.ts'
import type { Credentials } from './embedded-config.ts'
import { EmbeddedError, startEmbedded } from './embedded.ts'
import { checkSchema, migrate } from './migrate.ts'
import type { ClickHouseSettings } from './settings.ts'

export interface Store extends AsyncDisposable {
  readonly db: Database
  /** Where it is, without user info. */
  readonly address: string
  /** The user for people who look; only the embedded ClickHouse makes one by itself. */
  readonly analyst: Credentials | undefined
  /** This process runs the server itself. */
  readonly owned: boolean
  /** Files of `sql/` that were applied just now. */
  readonly migrated: readonly string[]
  /** Also stops an embedded ClickHouse that this process started. */
  close(): Promise<void>
}

export interface StoreOptions {
  readonly log?: Log
  /** Apply migrations whatever the settings say. Absent: the embedded database always, a server as configured. */
  readonly migrate?: boolean
}

/**
 * Opens the store with a schema that is up to date.
 * @throws ClickHouseError, EmbeddedError, or SchemaError with the command that brings the schema up to date.
 */
export async function openStore(settings: ClickHouseSettings, options: StoreOptions = {}): Promise<Store> {
  const place =
    settings.url === undefined ? await embeddedPlace(settings, options.log ?? silentLog) : serverPlace(settings)
  let db: Database | undefined
  try {
    db = await openDatabase(place.settings)
    const wanted = options.migrate ?? (place.embedded || settings.migrateAtStart)
    const migrated = wanted ? await migrate(db, settings.retention) : []
    if (!wanted) await checkSchema(db)
    return storeOf(db, place, migrated)
  } catch (error) {
    await db?.close()
    await place.stop()
    throw error
  }
}

interface Place {
  readonly settings: ClickHouseSettings
  readonly address: string
  readonly analyst: Credentials | undefined
  readonly embedded: boolean
  readonly owned: boolean
  stop(): Promise<void>
}

function storeOf(db: Database, place: Place, migrated: readonly string[]): Store {
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= db.close().then(() => place.stop())
    return closing
  }
  const { address, analyst, owned } = place
  return { db, address, analyst, owned, migrated, close, [Symbol.asyncDispose]: close }
}

function serverPlace(settings: ClickHouseSettings): Place {
  const address = URL.parse(settings.url?.reveal() ?? '')?.origin ?? ''
  return { settings, address, analyst: undefined, embedded: false, owned: false, stop: async () => {} }
}

const OTHER_STARTS_MS = 5000

/** The living one, else a new one; where another process was faster, that one. */
async function embeddedPlace(settings: ClickHouseSettings, log: Log): Promise<Place> {
  const living = await findEmbedded(settings.dataDir)
  if (living) return placeOf(settings, living)
  const { port, memoryBytesMax } = settings.embedded
  const { dataDir, database } = settings
  try {
    const own = await startEmbedded({ dataDir, port, memoryBytesMax, database, log })
    return placeOf(settings, own, () => own.stop())
  } catch (error) {
    if (!(error instanceof EmbeddedError) || !error.maybeOwned) throw error
    const deadlineMs = Date.now() + OTHER_STARTS_MS
    while (Date.now() < deadlineMs) {
      const other = await findEmbedded(dataDir)
      if (other) return placeOf(settings, other)
      await delay(100)
    }
    throw error
  }
}

/** @param stop only where this process started it. */
function placeOf(settings: ClickHouseSettings, access: Access, stop?: () => Promise<void>): Place {
  return {
    settings: { ...settings, url: new Secret(access.url), user: access.user, password: new Secret(access.password) },
    address: access.url,
    analyst: access.analyst,
    embedded: true,
    owned: stop !== undefined,
    stop: stop ?? (async () => {}),
  }
}

interface Access extends Credentials {
  readonly url: string
  readonly analyst: Credentials
}
