/**
 * Reads access events from Kafka as one member of a consumer group.
 *
 * kafkajs leaves three things to its user that this file settles. Every join begins a new epoch, in which nothing of
 * the last one may be resolved or committed. Positions come from the committed offsets, and the configured start is
 * committed at first sight. And heartbeats go on while a batch is worked on, however long ClickHouse takes.
 */
import kafkajs from 'kafkajs'
import type { Admin, Consumer, EachBatchPayload, Kafka, OffsetsByTopicPartition } from 'kafkajs'
import type { Log } from '../log.ts'
import { type Committed, type Epoch, EpochOverError } from './epoch.ts'
import { consumerConfig } from './kafka-client.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import type { RawRecord, TopicPartition } from './source.ts'

/** Partitions worked on at once: while one waits for ClickHouse, another decodes. */
const PARTITIONS_AT_ONCE = 16

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

interface OwnEpoch extends Epoch {
  end(reason: Error): void
  /** Ends it because the brokers refused this member; kafkajs has to learn of it. */
  fence(error: unknown): void
  fencedBy: unknown
  commitWith: (offsets: OffsetsByTopicPartition) => Promise<void>
}

export function createKafkaSource(kafka: Kafka, settings: KafkaSettings, hooks: ConsumerHooks, log: Log): KafkaSource {
  const consumer = kafka.consumer(consumerConfig(settings))
  const admin = kafka.admin()
  const ended = Promise.withResolvers<void>()
  let epoch: OwnEpoch | undefined
  let isStopping = false

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    epoch?.end(new EpochOverError())
    const assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    )
    epoch = createEpoch(consumer, admin, settings, assigned)
    log.info({ partitions: assigned.length, memberId: payload.memberId }, 'joined the consumer group')
    hooks.onEpoch(epoch, assigned)
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    epoch?.end(new EpochOverError())
    if (!payload.restart) ended.reject(payload.error)
  })

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const own = epoch
    if (isStopping || own === undefined) return
    if (own.fencedBy !== undefined) throw own.fencedBy as Error
    if (own.signal.aborted) return
    own.commitWith = (offsets) => payload.commitOffsetsIfNecessary(offsets as never)
    const heart = keepAlive(payload, settings.heartbeatIntervalMs, own)
    try {
      await hooks.onBatch(toFetched(payload))
    } catch (error) {
      if (!own.signal.aborted) throw error
    } finally {
      clearInterval(heart)
    }
    // What fenced us has to reach kafkajs as it came, for it to join again.
    if (own.fencedBy !== undefined) throw own.fencedBy as Error
    if (own !== epoch || own.signal.aborted || isStopping) return
    const last = payload.batch.messages.at(-1)
    if (last !== undefined) payload.resolveOffset(last.offset)
  }

  return {
    async run() {
      await admin.connect()
      await consumer.connect()
      // Positions are ours to decide: from the beginning unless the epoch says otherwise.
      await consumer.subscribe({ topics: [...settings.topics], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
        eachBatch,
      })
      await ended.promise
    },
    async stop() {
      if (isStopping) return
      isStopping = true
      consumer.pause(settings.topics.map((topic) => ({ topic })))
      try {
        await hooks.onStop()
      } finally {
        epoch?.end(new EpochOverError())
        await Promise.allSettled([consumer.disconnect(), admin.disconnect()])
        ended.resolve()
      }
    },
    fail: (error) => ended.reject(error),
  }
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
function keepAlive(payload: EachBatchPayload, intervalMs: number, epoch: OwnEpoch): NodeJS.Timeout {
  return setInterval(() => {
    payload.heartbeat().catch((error: unknown) => {
      if (isFenced(error)) epoch.fence(error)
    })
  }, intervalMs)
}

function createEpoch(
  consumer: Consumer,
  admin: Admin,
  settings: KafkaSettings,
  assigned: readonly TopicPartition[],
): OwnEpoch {
  const controller = new AbortController()
  const { signal } = controller
  // Asked once for all partitions, as soon as they are ours: nobody else can commit to them from here on.
  const positions = readPositions()
  positions.catch(() => {})

  async function readPositions(): Promise<ReadonlyMap<string, Committed>> {
    const found = new Map<string, Committed>()
    if (assigned.length === 0) return found
    const topics = [...new Set(assigned.map(({ topic }) => topic))]
    const committed = await admin.fetchOffsets({ groupId: settings.groupId, topics })
    for (const { topic, partitions } of committed) {
      for (const { partition, offset, metadata } of partitions) {
        if (Number(offset) >= 0)
          found.set(keyOf(topic, partition), { offset: Number(offset), metadata: metadata ?? '' })
      }
    }
    const unread = assigned.filter(({ topic, partition }) => !found.has(keyOf(topic, partition)))
    for (const topic of new Set(unread.map(({ topic }) => topic))) {
      const ends = settings.startAt === 'latest' ? await admin.fetchTopicOffsets(topic) : []
      for (const { partition } of unread.filter((item) => item.topic === topic)) {
        const offset = Number(ends.find((end) => end.partition === partition)?.high ?? 0)
        found.set(keyOf(topic, partition), { offset, metadata: '' })
        if (settings.startAt === 'latest') await epoch.commit(topic, partition, offset, '')
      }
    }
    return found
  }

  const epoch: OwnEpoch = {
    signal,
    commitWith: ({ topics }) =>
      consumer.commitOffsets(
        topics.flatMap(({ topic, partitions }) => partitions.map((item) => ({ topic, metadata: null, ...item }))),
      ),
    async committed(topic, partition) {
      const found = (await positions).get(keyOf(topic, partition))
      if (found === undefined) throw new Error(`partition ${partition} of ${topic} is not assigned to this member`)
      return found
    },
    async commit(topic, partition, offset, metadata) {
      signal.throwIfAborted()
      const offsets = { topics: [{ topic, partitions: [{ partition, offset: String(offset), metadata }] }] }
      try {
        await epoch.commitWith(offsets as OffsetsByTopicPartition)
      } catch (error) {
        // A member that was expelled or overtaken must write nothing more.
        if (isFenced(error)) epoch.fence(error)
        throw signal.aborted ? signal.reason : error
      }
      signal.throwIfAborted()
    },
    fencedBy: undefined,
    end: (reason) => controller.abort(reason),
    fence(error) {
      epoch.fencedBy ??= error
      controller.abort(new EpochOverError())
    },
  }
  return epoch
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

const FENCED = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])

function isFenced(error: unknown): boolean {
  return error instanceof kafkajs.KafkaJSProtocolError && FENCED.has(error.type)
}
