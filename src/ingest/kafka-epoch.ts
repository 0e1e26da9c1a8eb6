/** An epoch of a kafkajs consumer: positions are read once, commits are fenced, and a refusal reaches kafkajs. */
import kafkajs from 'kafkajs'
import pRetry from 'p-retry'
import type { Admin, Consumer, OffsetsByTopicPartition } from 'kafkajs'
import { type Committed, type Epoch, EpochOverError } from './epoch.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import type { TopicPartition } from './source.ts'

/** Until the brokers are back, or kafkajs gives up and joins anew, which ends the epoch. kafkajs itself tries once. */
const RETRY = {
  retries: Number.POSITIVE_INFINITY,
  minTimeout: 100,
  maxTimeout: 5_000,
  factor: 2,
  randomize: true,
}

type CommitOffsets = (offsets: OffsetsByTopicPartition) => Promise<void>

export interface KafkaEpoch extends Epoch {
  end(): void
  /** Ends it because the brokers refused this member. */
  fence(error: unknown): void
  /** What fenced it has to reach kafkajs as it came, for it to join again. */
  rethrowFence(): void
  /** Resolves when the look-up of positions has ended, however it did. */
  readonly settled: Promise<unknown>
  /**
   * Whether a batch fetched from this offset goes on where the epoch stands. kafkajs may join anew while batches of the
   * last epoch still wait for their turn: one that lies further on would leave a gap. Where nothing else comes, because
   * the broker has deleted what lies between, the same offset is let through when it comes again.
   */
  follows(topic: string, partition: number, fetchedOffset: number): Promise<boolean>
  /** The batch is done with; the next one begins at this offset. */
  advance(topic: string, partition: number, nextOffset: number): void
  /** Commits go through the batch in hand: the consumer's own way does nothing once it disconnects. */
  commitWith(commit: CommitOffsets): void
}

export function createKafkaEpoch(
  consumer: Consumer,
  admin: Admin,
  settings: KafkaSettings,
  assigned: readonly TopicPartition[],
): KafkaEpoch {
  const controller = new AbortController()
  const { signal } = controller
  let fencedBy: unknown
  let commitOffsets: CommitOffsets = ({ topics }) =>
    consumer.commitOffsets(
      topics.flatMap(({ topic, partitions }) => partitions.map((item) => ({ topic, metadata: null, ...item }))),
    )
  const epoch: KafkaEpoch = {
    signal,
    async committed(topic, partition) {
      const found = (await positions).get(keyOf({ topic, partition }))
      if (found === undefined) throw new Error(`partition ${partition} of ${topic} is not assigned to this member`)
      return found
    },
    async commit(topic, partition, offset, metadata) {
      const position = { partition, offset: String(offset), metadata }
      const tryOnce = async () => {
        signal.throwIfAborted()
        try {
          await commitOffsets({ topics: [{ topic, partitions: [position] }] })
        } catch (error) {
          if (isFenced(error)) epoch.fence(error)
          throw signal.aborted ? signal.reason : error
        }
      }
      await persist(signal, tryOnce)
      signal.throwIfAborted()
    },
    ...createOrder(async (key) => (await positions).get(key)?.offset),
    get settled() {
      return settled
    },
    end: () => controller.abort(new EpochOverError()),
    fence(error) {
      fencedBy ??= error
      epoch.end()
    },
    rethrowFence() {
      if (fencedBy !== undefined) throw fencedBy
    },
    commitWith(commit) {
      commitOffsets = commit
    },
  }
  // Asked once for all partitions, as soon as they are ours: nobody else can commit to them from here on.
  const positions = readPositions(admin, settings, assigned, epoch)
  const settled = Promise.allSettled([positions])
  return epoch
}

/** Keeps batches in order: see `follows`. */
function createOrder(committedOffset: (key: string) => Promise<number | undefined>) {
  /** By partition: where the next batch begins, and where one began that was refused. */
  const reached = new Map<string, number>()
  const refused = new Map<string, number>()
  return {
    async follows(topic: string, partition: number, fetchedOffset: number): Promise<boolean> {
      const key = keyOf({ topic, partition })
      const expected = reached.get(key) ?? (await committedOffset(key))
      if (expected === undefined) return false
      if (fetchedOffset <= expected || refused.get(key) === fetchedOffset) return true
      refused.set(key, fetchedOffset)
      return false
    },
    advance(topic: string, partition: number, nextOffset: number): void {
      reached.set(keyOf({ topic, partition }), nextOffset)
    },
  }
}

function persist<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  return pRetry(call, { ...RETRY, signal, shouldRetry: ({ error }) => isRetriable(error) })
}

/** Where the group stands; the configured start, which is committed at once, where it never was. */
async function readPositions(
  admin: Admin,
  { groupId, startAt }: KafkaSettings,
  assigned: readonly TopicPartition[],
  epoch: Epoch,
): Promise<ReadonlyMap<string, Committed>> {
  const found = new Map<string, Committed>()
  if (assigned.length === 0) return found
  const ours = new Set(assigned.map(keyOf))
  const topics = [...new Set(assigned.map(({ topic }) => topic))]
  const groups = await persist(epoch.signal, () => admin.fetchOffsets({ groupId, topics }))
  for (const { topic, partitions } of groups) {
    for (const { partition, offset, metadata } of partitions) {
      const committed = { offset: Number(offset), metadata: metadata ?? '' }
      const key = keyOf({ topic, partition })
      if (committed.offset >= 0 && ours.has(key)) found.set(key, committed)
    }
  }
  for (const topic of topics) {
    const unread = assigned.filter((place) => place.topic === topic && !found.has(keyOf(place)))
    const readEnds = () => admin.fetchTopicOffsets(topic)
    const ends = unread.length > 0 && startAt === 'latest' ? await persist(epoch.signal, readEnds) : []
    for (const place of unread) {
      const offset = Number(ends.find(({ partition }) => partition === place.partition)?.high ?? 0)
      found.set(keyOf(place), { offset, metadata: '' })
      // Else what was only buffered before the first commit would be skipped by the next start at `latest`.
      if (startAt === 'latest') await epoch.commit(topic, place.partition, offset, '')
    }
  }
  return found
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

/** Answers by which the brokers say that the group has moved on without this member. */
const FENCED = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])

export function isFenced(error: unknown): boolean {
  return error instanceof kafkajs.KafkaJSProtocolError && FENCED.has(error.type)
}

/** An error of kafkajs or of the brokers. */
export function isKafkaError(error: unknown): boolean {
  return error instanceof kafkajs.KafkaJSError
}

function isRetriable(error: unknown): boolean {
  return error instanceof kafkajs.KafkaJSError && error.retriable && !isFenced(error)
}
