/** `replay --store`: a file becomes one more partition of the configured ClickHouse, and nobody is told of its alerts. */
import type { Alert } from '../alert/alert.ts'
import { budgetOf } from '../alert/budget.ts'
import { createStoredPeers } from '../app/stored-peers.ts'
import { createStoredThresholds } from '../app/stored-thresholds.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { type Detection, createDetection } from '../detection.ts'
import { type DeliveryId, hashId } from '../event.ts'
import { type FileProgress, sha256OfFile } from '../ingest/file.ts'
import type { RawRecord } from '../ingest/source.ts'
import { createPipeline } from '../pipeline.ts'
import type { TokenRegistry } from '../registry/registered-token.ts'
import { type ReplaySummary, replay } from '../replay.ts'
import { createBlockStore } from '../store/blocks.ts'
import { claimKey } from '../store/claims.ts'
import { outboxStoreOf } from '../app/delivery.ts'
import { createStoredStates } from '../app/stored-states.ts'
import { storedRows } from '../store/pipeline.ts'
import { openStore } from '../store/store.ts'
import type { AlertOutput } from './alert-output.ts'
import { ExitCode, UserError } from './command.ts'
import type { Report } from './comparison-report.ts'
import { explainReading, openReplayInput } from './replay-input.ts'

/** Alerts looked up at once when they are marked. */
const PAGE_ROWS = 1_000

/** What a replay reads, and where its alerts go. */
export interface Reading {
  readonly input: string
  readonly output: AlertOutput
  readonly onProgress: (progress: FileProgress) => void
}

export interface Replayed {
  readonly summary: ReplaySummary
  readonly tokens: number
  /** Undefined where the alerts are stored, and can be looked at there. */
  readonly report: Report | undefined
}

/** Peers are those that the store knows. */
export async function replayIntoStore(
  { input, output, onProgress }: Reading,
  config: Config,
  registry: TokenRegistry,
): Promise<Replayed> {
  const settings = budgetOf(config.alerting)
  const thresholds = settings && createStoredThresholds(settings)
  const thresholdBits = thresholds?.thresholdBits
  const known = config.learning.peers ? createStoredPeers() : undefined
  const detection = await createDetection(config, {
    ...(thresholdBits && { thresholdBits }),
    ...(known && { peers: known.peers }),
    registry,
  })
  const topic = `file:${await sha256OfFile(input)}`
  await using stored = await openReplayStore(config, topic, detection, registry)
  const { states, blocks, db } = stored
  const { batches } = openReplayInput({ input, topic, isStored: true, onProgress }, config)
  const { enrich, fold } = detection
  const days = thresholds?.daysOf(db)
  const limits = config.ingest.block
  const decode = (record: RawRecord, ingestedAtMs: number) => detection.decode(record, ingestedAtMs, false)
  const among = known && { peers: known.peers, peerBlocks: known.blocksOf(db) }
  const pipeline = createPipeline({ decode, enrich, states, fold, ...among, ...(days && { days }) }, limits)
  const signal = new AbortController().signal
  const onAlert = (alert: Alert) => output.write(alert)
  const deps = { pipeline, states, limits, clock: systemClock, onAlert, signal, store: blocks }
  const summary = await replay(topic, explainReading(input, batches), deps)
  await stored.finish()
  return { summary, tokens: states.size, report: undefined }
}

/** Opens the store and refuses a file that is in it already, whole or in part. */
async function openReplayStore(config: Config, topic: string, detection: Detection, registry: TokenRegistry) {
  const store = await openStore(config.clickhouse)
  try {
    const rows = await storedRows(store.db, topic)
    if (rows > 0) {
      throw new UserError(`this file is in ClickHouse already: ${rows} events under the topic ${topic}`, {
        exitCode: ExitCode.usage,
        remedy: 'replay it without --store, or into another clickhouse.database',
      })
    }
    await claimKey(store.db, detection.keyId, false)
  } catch (error) {
    await store.close()
    throw error
  }
  const outbox = outboxStoreOf(store.db)
  return {
    states: createStoredStates(store.db, detection.foldSettings.profile, config.learning.profilesMax, {
      registryAt: async () => registry,
    }),
    db: store.db,
    blocks: createBlockStore({ db: store.db, keyId: detection.keyId, onRetry: () => {} }),
    /** Records every alert of the file as suppressed, for each target. */
    async finish(): Promise<void> {
      const targets = Object.keys(config.notify.targets)
      if (targets.length === 0) return
      for (;;) {
        const nowMs = Date.now()
        const due = await outbox.due({ partitions: [{ topic, partition: 0 }], targets, nowMs, limit: PAGE_ROWS })
        if (due.length === 0) return
        await outbox.record(
          due.map(({ alert, target, attempts }) => ({
            deliveryId: hashId(alert.alertId, target, attempts + 1) as DeliveryId,
            alertId: alert.alertId,
            target,
            attempt: attempts + 1,
            outcome: 'suppressed' as const,
            status: 0,
            failure: '' as const,
            detail: 'replayed from a file',
            attemptedAtMs: nowMs,
            retryAtMs: 0,
            durationMs: 0,
          })),
        )
      }
    },
    [Symbol.asyncDispose]: () => store.close(),
  }
}
