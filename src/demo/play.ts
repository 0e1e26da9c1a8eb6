/** Plays the month through the pipeline without Kafka: into ClickHouse, or in memory to compare with. */
import type { Alert } from '../alert/alert.ts'
import { createDelivery } from '../app/delivery.ts'
import { createServiceMetrics } from '../app/service-metrics.ts'
import { createStoredPeers } from '../app/stored-peers.ts'
import { createStoredStates } from '../app/stored-states.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { createDetection } from '../detection.ts'
import type { RawRecord } from '../ingest/source.ts'
import { silentLog } from '../log.ts'
import { createPipeline } from '../pipeline.ts'
import { createMemoryPeers } from '../profile/memory-peers.ts'
import { NO_SURGES } from '../profile/surges.ts'
import { type ReplaySummary, replay } from '../replay.ts'
import { createBlockStore } from '../store/blocks.ts'
import type { Store } from '../store/store.ts'
import type { TokenStates } from '../token-states.ts'
import type { Month } from './month.ts'
import { createRotatingStates } from '../rotating-states.ts'

const TOPIC = 'demo'

export interface PlayDeps {
  readonly config: Config
  readonly month: Month
  /** Absent: everything happens in memory. */
  readonly store?: Store
  /** Called as the month goes by, with the time in it and the alerts so far. */
  readonly onProgress: (timeMs: number, alerts: number) => void
  readonly signal: AbortSignal
}

export interface Played {
  readonly summary: ReplaySummary
  readonly alerts: readonly Alert[]
}

/** decode -> enrich -> fold -> blocks -> ClickHouse. Rejects with the signal's reason when that is aborted. */
export async function playMonth(deps: PlayDeps): Promise<Played> {
  const { config, month, store, signal } = deps
  const stored = store && createStoredPeers()
  const peers = stored?.peers ?? createMemoryPeers(NO_SURGES)
  const detection = await createDetection(config, { registry: month.registry, peers })
  const { profile } = detection.foldSettings
  const states: TokenStates =
    store === undefined
      ? createRotatingStates(profile, month.registry)
      : createStoredStates(store.db, profile, config.learning.profilesMax, { registryAt: async () => month.registry })
  const limits = config.ingest.block
  const { decode, enrich, fold, keyId } = detection
  const pipeline = createPipeline(
    {
      decode: (record, ingestedAtMs) => decode(record, ingestedAtMs, true),
      enrich,
      states,
      fold,
      peers,
      ...(store && stored && { peerBlocks: stored.blocksOf(store.db) }),
    },
    limits,
  )
  const alerts: Alert[] = []
  const summary = await replay(TOPIC, reported(deps, alerts), {
    pipeline,
    states,
    limits,
    clock: systemClock,
    onAlert: (alert) => alerts.push(alert),
    signal,
    ...(store === undefined ? {} : { store: createBlockStore({ db: store.db, keyId, onRetry: () => {} }) }),
  })
  return { summary, alerts }
}

async function* reported(
  { month, onProgress }: PlayDeps,
  alerts: readonly Alert[],
): AsyncGenerator<readonly RawRecord[]> {
  for await (const batch of month.batches(TOPIC)) {
    yield batch
    onProgress(batch.at(-1)?.timeMs ?? month.startMs, alerts.length)
  }
}

/** Takes the stored alerts out of the outbox and records each as delivered, as the service does. */
export async function deliverAlerts(config: Config, store: Store, startMs: number): Promise<void> {
  const outbox = createDelivery({
    config,
    db: store.db,
    metrics: createServiceMetrics({ processMetrics: false }),
    log: silentLog,
    // They are shown further down, in another order.
    print: () => {},
    colour: false,
    notifyFromMs: startMs,
    ownedPartitions: () => [{ topic: TOPIC, partition: 0 }],
  })
  await outbox.drain()
}
