/** Wires what reads: the consumer, one partition object for each partition of the epoch, the pipeline, the block store. */
import { budgetOf } from '../alert/budget.ts'
import type { Block } from '../block.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { createDetection } from '../detection.ts'
import { type Epoch, EpochOverError } from '../ingest/epoch.ts'
import { createKafka } from '../ingest/kafka-client.ts'
import { type ConsumerHooks, type KafkaSource, createKafkaSource } from '../ingest/kafka.ts'
import type { RawRecord, TopicPartition } from '../ingest/source.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { type Partition, type PartitionDeps, createPartition } from '../partition.ts'
import { type Pipeline, createPipeline } from '../pipeline.ts'
import { createBlockStore } from '../store/blocks.ts'
import { claimKey } from '../store/claims.ts'
import { type OnRetry, persist } from '../store/persist.ts'
import type { Store } from '../store/store.ts'
import { type BlockView, type BlockViews, createBlockViews } from './block-views.ts'
import { createStoredPeers } from './stored-peers.ts'
import { createStoredSources } from './stored-sources.ts'
import { createStoredStates } from './stored-states.ts'
import { createStoredThresholds } from './stored-thresholds.ts'
import type { TokenStates } from '../token-states.ts'

/** How long a stop waits for what is being stored before it leaves that to the next owner. */
const STOP_STORE_MS = 6_000

export interface Reader {
  readonly source: KafkaSource
  /** The partitions of the current epoch. */
  owned(): readonly TopicPartition[]
  /** Why it does not work just now, for people; empty when all is well. */
  troubles(): readonly string[]
  /** Called when alerts were stored or partitions taken over. */
  onAlerts(callback: () => void): void
  /** What was seen so far, for those who watch over the pipeline. */
  state(): ReaderState
}

export interface ReaderState {
  /** Wall time, 0 before the first. */
  readonly lastEventMs: number
  readonly lagRecords: number
  readonly records: number
  readonly deadLetters: number
}

export interface ReaderDeps {
  readonly config: Config
  readonly store: Store
  readonly metrics: Metrics
  readonly log: Log
  /** Another fingerprint key than the stored one is meant. */
  readonly newKey: boolean
}

export async function createReader(deps: ReaderDeps): Promise<Reader> {
  const { config, metrics, log } = deps
  const seen = { lastEventMs: 0, records: 0, deadLetters: 0, lag: new Map<string, number>() }
  let assigned: readonly TopicPartition[] = []
  let alertsStored = () => {}
  const partitions = await createPartitions(deps, {
    onFailure: (error) => source.fail(error),
    onStored(block, flushMs) {
      countBlock(metrics, block, flushMs)
      if (block.events.length > 0) seen.lastEventMs = systemClock.now()
      seen.deadLetters += block.deadLetters.length
      if (block.alerts.length > 0) alertsStored()
    },
  })
  const hooks: ConsumerHooks = {
    onEpoch(epoch, owned) {
      for (const { topic, partition } of assigned) metrics.partitionRevoked(topic, partition)
      assigned = owned
      seen.lag.clear()
      partitions.startEpoch(epoch)
      alertsStored()
    },
    async onBatch({ topic, partition, records, highWatermark }) {
      await partitions.of(topic, partition).accept(records)
      metrics.recordsConsumed(records.length)
      seen.records += records.length
      const lag = Math.max(0, highWatermark - 1 - (records.at(-1)?.offset ?? highWatermark))
      metrics.consumerLag(topic, partition, lag)
      seen.lag.set(`${topic}/${partition}`, lag)
      partitions.countBuffered()
    },
    async onStop() {
      const late = new Promise<boolean>((resolve) => setTimeout(resolve, STOP_STORE_MS, true).unref())
      const isLate = await Promise.race([partitions.finish().then(() => false), late])
      if (isLate) log.warn('ClickHouse is too slow; what is not stored is read again by the next owner')
    },
  }
  const source = createKafkaSource(createKafka(config.ingest.kafka, log), config.ingest.kafka, hooks, log)

  return {
    source,
    owned: () => assigned,
    troubles: () => partitions.troubles(),
    onAlerts(callback) {
      alertsStored = callback
    },
    state: () => ({ ...seen, lagRecords: Math.max(0, ...seen.lag.values()) }),
  }
}

/** The partitions of the current epoch, each made when its first batch comes. */
async function createPartitions(deps: ReaderDeps, on: Pick<PartitionDeps, 'onStored' | 'onFailure'>) {
  const { config, store, log, metrics } = deps
  const partitions = new Map<string, Partition>()
  let epoch: Epoch | undefined
  const outage = createOutage(log)
  const { states, pipeline, keyId, forget } = await createMiddle(deps, outage.onRetry, () => {
    if (epoch === undefined) throw new EpochOverError()
    return epoch.signal
  })
  const blocks = createBlockStore({ db: store.db, keyId, onRetry: outage.onRetry })

  function countBuffered(): void {
    const { rows, bytes } = bufferedOf(partitions.values())
    metrics.buffered(rows, bytes)
  }

  return {
    countBuffered,
    troubles(): string[] {
      const isJoined = epoch !== undefined && !epoch.signal.aborted
      return [
        ...(isJoined ? [] : ['not a member of the consumer group']),
        ...(outage.lasts() ? ['ClickHouse does not take blocks'] : []),
      ]
    },
    startEpoch(next: Epoch) {
      epoch = next
      partitions.clear()
      forget()
    },
    of(topic: string, partition: number): Partition {
      const key = `${topic}/${partition}`
      const known = partitions.get(key)
      if (known !== undefined) return known
      if (epoch === undefined) throw new EpochOverError()
      const made = createPartition({
        topic,
        partition,
        epoch,
        pipeline,
        states,
        store: blocks,
        clock: systemClock,
        log,
        limits: config.ingest.block,
        isOverBudget: () => bufferedOf(partitions.values()).bytes > config.ingest.bufferBytesMax,
        onFailure: on.onFailure,
        onStored(block, flushMs) {
          outage.end()
          metrics.profilesResident(states.size)
          countBuffered()
          on.onStored(block, flushMs)
        },
      })
      partitions.set(key, made)
      return made
    },
    async finish(): Promise<void> {
      await Promise.all([...partitions.values()].map((partition) => partition.finish()))
    },
  }
}

/** Whether ClickHouse is away: from a failed attempt to the next block that is stored. */
function createOutage(log: Log) {
  let lasts = false
  const onRetry: OnRetry = (error, attempt) => {
    lasts = true
    log.warn({ err: error, attempt }, 'ClickHouse is away; trying again')
  }
  return { onRetry, lasts: () => lasts, end: () => void (lasts = false) }
}

/** What is not stored yet. */
function bufferedOf(partitions: Iterable<Partition>): { rows: number; bytes: number } {
  const total = { rows: 0, bytes: 0 }
  for (const { buffered } of partitions) {
    total.rows += buffered.rows
    total.bytes += buffered.bytes
  }
  return total
}

interface Middle {
  readonly states: TokenStates
  readonly pipeline: Pipeline
  readonly keyId: string
  /** What is known of tokens belongs to an epoch that is over. */
  readonly forget: () => void
}

/** Decode to fold, over a cache of what ClickHouse knows. A load is tried again for as long as its epoch lasts. */
async function createMiddle(
  { config, store, metrics, log, newKey }: ReaderDeps,
  onRetry: OnRetry,
  currentSignal: () => AbortSignal,
): Promise<Middle> {
  const budget = budgetOf(config.alerting)
  const thresholds = budget && createStoredThresholds(budget)
  const sources = createStoredSources(config.learning.adoptAfterMs)
  const stored = config.learning.peers ? createStoredPeers() : undefined
  const detection = await createDetection(config, {
    ...(thresholds && { thresholdBits: thresholds.thresholdBits }),
    sources: sources.snapshot,
    ...(stored && { peers: stored.peers }),
    counters: {
      fieldDropped: (field) => metrics.fieldDropped(field),
      sourceTextSeen: () => metrics.sourceText(),
      tokenIdFingerprinted: () => metrics.tokenIdFingerprinted(),
    },
  })
  await claimKey(store.db, detection.keyId, newKey)
  const { profile } = detection.foldSettings
  const views = createBlockViews(store.db, (ask) => persist(currentSignal(), onRetry, ask), log)
  const states = createStoredStates(store.db, profile, config.learning.profilesMax, {
    actionsAt: async (ingestedAtMs) => (await views.at(ingestedAtMs)).actions,
    registryAt: async (ingestedAtMs) => (await views.at(ingestedAtMs)).registry,
    async around(load) {
      const loaded = await persist(currentSignal(), onRetry, load)
      metrics.profilesLoaded(loaded.size)
      return loaded
    },
  })
  const decode = (record: RawRecord, ingestedAtMs: number) => detection.decode(record, ingestedAtMs, true)
  const ask = <T>(question: () => Promise<T>) => persist(currentSignal(), onRetry, question)
  const days = thresholds?.daysOf(store.db, ask)
  const slots = sources.slotsOf(store.db, ask)
  const steps = { decode, enrich: detection.enrich, states, slots, ...(days && { days }) }
  const pipeline = underViews(views, ({ registry, actions }) => {
    const fold = detection.foldWith(registry, undefined, actions)
    const among = stored && { peers: stored.peers, peerBlocks: stored.blocksOf(store.db, ask, actions) }
    return createPipeline({ ...steps, fold, ...among }, config.ingest.block)
  })
  function forget(): void {
    states.clear()
    stored?.clear()
  }
  return { states, pipeline: timed(pipeline, metrics), keyId: detection.keyId, forget }
}

/** For each block the pipeline under what the block sees. */
function underViews(views: BlockViews, make: (view: BlockView) => Pipeline): Pipeline {
  const made = new WeakMap<BlockView, Pipeline>()
  return {
    async extend(block, records, from) {
      const view = await views.at(block.ingestedAtMs)
      const pipeline = made.get(view) ?? make(view)
      made.set(view, pipeline)
      return pipeline.extend(block, records, from)
    },
  }
}

/** The same pipeline, which tells how long records take from arrival to the end of detection. */
function timed(pipeline: Pipeline, metrics: Metrics): Pipeline {
  return {
    async extend(block, records, from) {
      const startedAtMs = systemClock.now()
      const taken = await pipeline.extend(block, records, from)
      metrics.decision(systemClock.now() - startedAtMs)
      return taken
    },
  }
}

function countBlock(metrics: Metrics, block: Block, flushMs: number): void {
  metrics.blockFlushed(flushMs)
  metrics.eventsStored(block.events.length)
  for (const { reason } of block.deadLetters) metrics.deadLetter(reason)
  for (const { detector } of block.findings) metrics.finding(detector)
  for (const { alert } of block.alerts) metrics.alert(alert.kind, alert.severity)
  if (block.firstTimestampMs > 0) metrics.endToEnd(systemClock.now() - block.firstTimestampMs)
}
