/** The only place that constructs things, with its rooms in app/: opens, wires, starts, and stops them in order. */
import { createDelivery } from './app/delivery.ts'
import { startHousekeeping } from './app/housekeeping.ts'
import { createReader } from './app/reader.ts'
import { createServiceMetrics } from './app/service-metrics.ts'
import { startSourceWatch } from './app/source-watch.ts'
import { startWatch } from './app/watch.ts'
import type { Config } from './config.ts'
import { type HttpEndpoints, startHttp } from './http.ts'
import type { Log } from './log.ts'
import { firstRunMs } from './store/claims.ts'
import { EmbeddedError } from './store/embedded.ts'
import { type Store, openStore } from './store/store.ts'

export interface App {
  /** The addresses of /healthz, /readyz and /metrics. */
  readonly http: HttpEndpoints
  readonly store: Store
  /** Rejects when the service cannot go on; resolves after `stop`. */
  readonly done: Promise<void>
  /** Stores and acknowledges what is there, ends deliveries, leaves the group. Within 10 s. */
  stop(): Promise<void>
}

export interface AppOptions {
  readonly log: Log
  /** `run --new-key`: another fingerprint key than the stored one is meant. */
  readonly newKey: boolean
  /** For the `terminal` target. */
  readonly print: (text: string) => void
  readonly colour: boolean
  /** The caller runs the embedded ClickHouse itself, and stops it after the service. */
  readonly embeddedIsOurs?: boolean
}

export async function startApp(config: Config, options: AppOptions): Promise<App> {
  const { log, newKey, print, colour } = options
  const metrics = createServiceMetrics()
  await using started = new AsyncDisposableStack()
  const store = started.use(await openStore(config.clickhouse, { log }))
  const { db } = store
  if (options.embeddedIsOurs !== true) mustOwnEmbedded(config, store)
  log.info({ address: store.address, version: db.version, migrated: store.migrated }, 'ClickHouse is ready')
  const reader = await createReader({ config, store, metrics, log, newKey })

  const { notifyFrom } = config.alerting
  const notifyFromMs = notifyFrom === undefined ? await firstRunMs(db) : Date.parse(notifyFrom)
  const outbox = createDelivery({
    config,
    db,
    metrics,
    log,
    print,
    colour,
    notifyFromMs,
    ownedPartitions: () => reader.owned(),
  })
  reader.onAlerts(() => outbox.wake())
  const stopping = new AbortController()
  const delivering = outbox.run(stopping.signal)
  started.defer(async () => {
    stopping.abort()
    await delivering
  })

  const http = await startHttp({
    ...config.http,
    metrics,
    ready: () => ({ ok: reader.troubles().length === 0, reasons: reader.troubles() }),
    healthy: () => true,
  })
  started.defer(() => http.close())
  const watch = startWatch({ config, db, reader, log, onAlerts: () => outbox.wake() })
  started.defer(() => clearInterval(watch))
  const owned = () => reader.owned()
  const sourceWatch = startSourceWatch({ config, db, owned, metrics, log, onAlerts: () => outbox.wake() })
  started.defer(() => clearInterval(sourceWatch))
  const housekeeping = startHousekeeping({ config, db, reader, log })
  started.defer(() => clearInterval(housekeeping))
  const done = reader.source.run()
  started.defer(() => reader.source.stop())
  const resources = started.move()

  return {
    http,
    store,
    done,
    async stop() {
      await resources.disposeAsync()
      await done.catch(() => {})
    },
  }
}

/** A service that lives in another process's ClickHouse would end with that process. */
function mustOwnEmbedded(config: Config, store: Store): void {
  if (config.clickhouse.url !== undefined || store.owned) return
  throw new EmbeddedError(
    `another tokenwatch runs the embedded ClickHouse of ${config.clickhouse.dataDir}`,
    'wait until it has ended, or set clickhouse.url so that several processes share a server',
    true,
  )
}
