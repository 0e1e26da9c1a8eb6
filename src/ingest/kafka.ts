/**
 * Reads access events from Kafka as one member of a consumer group.
 *
 * kafkajs leaves three things to its user that this file settles. Every join begins a new epoch, in which nothing of
 * the last one may be resolved or committed. Positions come from the committed offsets, and the configured start is
 * committed at first sight. And heartbeats go on while a batch is worked on, however long ClickHouse takes.
 */
import type { Batch, EachBatchPayload, Kafka } from 'kafkajs'
import type { Log } from '../log.ts'
import type { Epoch } from './epoch.ts'
import { consumerConfig } from './kafka-client.ts'
import { type KafkaEpoch, createKafkaEpoch, isFenced, isKafkaError } from './kafka-epoch.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import type { RawRecord, TopicPartition } from './source.ts'

/** Progress is the epoch's business. While one partition waits for ClickHouse, another decodes. */
const READING = { autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: 16 } as const

export interface FetchedBatch extends TopicPartition {
  readonly records: readonly RawRecord[]
  /** Offset after the partition's last record, for the lag. */
  readonly highWatermark: number
}

export interface ConsumerHooks {
  /** Called at each join, before any batch of the new epoch: forget everything that is not stored. Must not wait. */
  onEpoch(epoch: Epoch, assigned: readonly TopicPartition[]): void
  /** Takes a batch. When it resolves, the next one is fetched; what it had taken may still be unstored. */
  onBatch(batch: FetchedBatch): Promise<void>
  /** Before leaving the group in peace: store and acknowledge what is there. */
  onStop(): Promise<void>
}

export interface KafkaSource {
  /** Connects, joins and reads until `stop`. Rejects when the consumer fails in a way that it cannot recover from. */
  run(): Promise<void>
  /** Stops fetching, calls `onStop`, and leaves the group. */
  stop(): Promise<void>
  /** Ends with this error: something outside of a batch failed. */
  fail(error: unknown): void
}

export function createKafkaSource(kafka: Kafka, settings: KafkaSettings, hooks: ConsumerHooks, log: Log): KafkaSource {
  const consumer = kafka.consumer(consumerConfig(settings))
  const admin = kafka.admin()
  const ended = Promise.withResolvers<void>()
  let epoch: KafkaEpoch | undefined
  let isStopping = false
  let isSubscribed = false
  const current = () => (isStopping ? undefined : epoch)

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    epoch?.end()
    // What the last commits did not cover is the next owner's.
    if (isStopping) return
    const assigned = placesOf(payload.memberAssignment)
    epoch = createKafkaEpoch(consumer, admin, settings, assigned)
    log.info({ partitions: assigned.length, memberId: payload.memberId }, 'joined the consumer group')
    hooks.onEpoch(epoch, assigned)
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    epoch?.end()
    if (!payload.restart) ended.reject(payload.error)
  })

  async function start(): Promise<void> {
    await admin.connect()
    await consumer.connect()
    // Positions are ours to decide: from the beginning unless the epoch says otherwise.
    await consumer.subscribe({ topics: [...settings.topics], fromBeginning: true })
    isSubscribed = true
    await consumer.run({
      ...READING,
      eachBatch: (payload) => workOn(payload, { current, hooks, settings, fail }),
    })
    // To a stop that came before, kafkajs was not there yet.
    if (isStopping) await leave()
  }

  async function leave(): Promise<void> {
    epoch?.end()
    // A look-up that is under way would open its connection again.
    await epoch?.settled
    await Promise.allSettled([consumer.disconnect(), admin.disconnect()])
    ended.resolve()
  }

  function pause(): void {
    if (isSubscribed) consumer.pause(settings.topics.map((topic) => ({ topic })))
  }

  function fail(error: unknown): void {
    epoch?.end()
    pause()
    ended.reject(error)
  }

  return {
    async run() {
      // Brokers that do not answer are tried for minutes: a stop does not wait for that.
      await Promise.race([start(), ended.promise])
      await ended.promise
    },
    async stop() {
      if (isStopping) return
      isStopping = true
      pause()
      await hooks.onStop().finally(leave)
    },
    fail,
  }
}

function placesOf(assignment: Readonly<Record<string, readonly number[]>>): TopicPartition[] {
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}

interface WorkDeps {
  /** The epoch of now; undefined while stopping. */
  readonly current: () => KafkaEpoch | undefined
  readonly hooks: ConsumerHooks
  readonly settings: KafkaSettings
  /** Ends the consumer for good. */
  readonly fail: (error: unknown) => void
}

/** Hands one batch on and resolves it, if the epoch in which it came still stands. */
async function workOn(payload: EachBatchPayload, { current, hooks, settings, fail }: WorkDeps): Promise<void> {
  const { batch } = payload
  const { topic, partition } = batch
  const own = current()
  if (own === undefined) return
  own.rethrowFence()
  if (own.signal.aborted) return
  own.commitWith((offsets) => payload.commitOffsetsIfNecessary(offsets))
  const heart = keepAlive(payload, settings.heartbeatIntervalMs, own)
  try {
    if (!(await own.follows(topic, partition, fetchedOffsetOf(batch)))) return
    await hooks.onBatch(toFetched(payload))
  } catch (error) {
    // kafkajs recovers from its own errors by joining again; to it, ours would be a reason to try for ever.
    if (!own.signal.aborted && isKafkaError(error)) throw error
    if (!own.signal.aborted) fail(error)
  } finally {
    clearInterval(heart)
  }
  own.rethrowFence()
  if (own !== current() || own.signal.aborted) return
  const last = batch.messages.at(-1)
  if (last === undefined) return
  payload.resolveOffset(last.offset)
  own.advance(topic, partition, Number(batch.lastOffset()) + 1)
}

/** kafkajs keeps it with the batch, though its types do not say so. */
function fetchedOffsetOf(batch: Batch): number {
  return Number((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset)
}

function toFetched({ batch }: EachBatchPayload): FetchedBatch {
  const { topic, partition } = batch
  const records = batch.messages.map((message) => ({
    topic,
    partition,
    offset: Number(message.offset),
    value: message.value,
    timestampMs: Number(message.timestamp),
  }))
  return { topic, partition, records, highWatermark: Number(batch.highWatermark) }
}

/** Heartbeats beside the work on a batch. One that is refused ends the epoch, and with it the work. */
function keepAlive(payload: EachBatchPayload, intervalMs: number, epoch: KafkaEpoch): NodeJS.Timeout {
  return setInterval(() => {
    payload.heartbeat().catch((error: unknown) => {
      if (isFenced(error)) epoch.fence(error)
    })
  }, intervalMs)
}
