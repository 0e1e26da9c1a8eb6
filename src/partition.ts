/**
 * Exactly-once progress over one Kafka partition, within one epoch of the consumer group.
 *
 * A block `[first, last]` is announced before it is written: the offset `first` is committed with `last` and the block's
 * `ingested_at` as metadata (the intent). Then dead letters, findings, alerts and events are inserted under tokens made
 * from those three. Whoever reads an intent that was never acknowledged either makes the very same block again, whose
 * tokens drop what had landed, or finds that its events landed and only heals the views. The next intent, or a plain
 * commit of `last + 1` when idle, acknowledges.
 */
import { z } from 'zod'
import { type Block, type BlockLimits, isFull, openBlock } from './block.ts'
import type { Clock } from './clock.ts'
import type { Committed, Epoch } from './ingest/epoch.ts'
import type { RawRecord } from './ingest/source.ts'
import type { Log } from './log.ts'
import type { Pipeline } from './pipeline.ts'
import type { TokenStates } from './token-states.ts'

/** What the store does for a block. Each call tries again by itself until the signal is aborted. */
export interface BlockStore {
  write(block: Block, signal: AbortSignal): Promise<void>
  /** Whether events of the block with this `ingested_at` are there. */
  hasLanded(topic: string, partition: number, ingestedAtMs: number, signal: AbortSignal): Promise<boolean>
  /** Fills what the views miss of a landed block. */
  heal(block: Block, signal: AbortSignal): Promise<void>
}

export interface PartitionDeps {
  readonly topic: string
  readonly partition: number
  readonly epoch: Epoch
  readonly pipeline: Pipeline
  readonly states: TokenStates
  readonly store: BlockStore
  readonly clock: Clock
  readonly log: Log
  readonly limits: BlockLimits & { readonly lingerMs: number }
  /** Whether unstored records of all partitions exceed the budget, so that this one has to store what it has. */
  readonly isOverBudget: () => boolean
  /** After each block that is stored: alerts may wait, metrics may count. */
  readonly onStored: (block: Block, flushMs: number) => void
  /** A failure outside of `accept`, from a timer. The consumer must stop. */
  readonly onFailure: (error: unknown) => void
}

export interface Partition {
  /** Takes fetched records in. Resolves when they are in a block, which may not be stored yet. */
  accept(records: readonly RawRecord[]): Promise<void>
  /** Stores and acknowledges what is there. */
  finish(): Promise<void>
  /** What is not stored yet. */
  readonly buffered: { readonly rows: number; readonly bytes: number }
}

/** Commit metadata. With `last` it is an intent; without, an acknowledgement that keeps `ingested_at` growing. */
const metadataSchema = z.object({ last: z.number().int().optional(), ingestedAt: z.number().int() })

export function createPartition(deps: PartitionDeps): Partition {
  const { topic, partition, epoch, store, limits } = deps
  let queue: Promise<unknown> = Promise.resolve()
  let isReady = false
  let nextOffset = 0
  let lastIngestedAtMs = 0
  /** Stored, but neither followed by an intent nor acknowledged. */
  let unacknowledged: number | undefined
  let block: Block | undefined
  let timer: NodeJS.Timeout | undefined

  /** One thing at a time: a timer's flush must not run beside `accept`. */
  function enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work)
    queue = result.catch(() => {})
    return result
  }

  async function accept(records: readonly RawRecord[]): Promise<void> {
    if (!isReady) await takeOver()
    let at = records.findIndex((record) => record.offset >= nextOffset)
    if (at < 0) return
    while (at < records.length) {
      epoch.signal.throwIfAborted()
      block ??= open((records[at] as RawRecord).offset)
      at += block.isRetry ? await retake(block, records, at) : await deps.pipeline.extend(block, records, at)
      nextOffset = Math.max(nextOffset, (records[at - 1]?.offset ?? -1) + 1)
      const isComplete = block.isRetry ? nextOffset > block.lastOffset : isFull(block, limits) || deps.isOverBudget()
      if (isComplete) await flush(block)
    }
    schedule()
  }

  function open(firstOffset: number): Block {
    const ingestedAtMs = Math.max(deps.clock.now(), lastIngestedAtMs + 1)
    return openBlock({ topic, partition, firstOffset, lastOffset: firstOffset, ingestedAtMs, isRetry: false })
  }

  /** Makes an announced block again, from the records up to its end. Returns how many were used. */
  async function retake(retry: Block, records: readonly RawRecord[], from: number): Promise<number> {
    const beyond = records.findIndex((record, at) => at >= from && record.offset > retry.lastOffset)
    const own = records.slice(from, beyond < 0 ? records.length : beyond)
    for (let at = 0; at < own.length;) at += await deps.pipeline.extend(retry, own, at)
    // Compaction or retention may have taken the last record: what lies beyond it ends the block as well.
    if (beyond >= 0) nextOffset = retry.lastOffset + 1
    return own.length
  }

  async function flush(full: Block): Promise<void> {
    const startedAtMs = deps.clock.now()
    clearTimeout(timer)
    await commit(full.firstOffset, { last: full.lastOffset, ingestedAt: full.ingestedAtMs })
    await store.write(full, epoch.signal)
    deps.states.release(full.tokens)
    block = undefined
    lastIngestedAtMs = full.ingestedAtMs
    unacknowledged = full.lastOffset + 1
    deps.onStored(full, deps.clock.now() - startedAtMs)
  }

  async function acknowledge(): Promise<void> {
    if (unacknowledged === undefined) return
    await commit(unacknowledged, { ingestedAt: lastIngestedAtMs })
    unacknowledged = undefined
  }

  async function commit(offset: number, metadata: z.infer<typeof metadataSchema>): Promise<void> {
    await epoch.commit(topic, partition, offset, JSON.stringify(metadata))
  }

  /** Stores a block that stayed small, or acknowledges the last one when nothing followed it. */
  function schedule(): void {
    clearTimeout(timer)
    if (block === undefined && unacknowledged === undefined) return
    timer = setTimeout(() => {
      enqueue(async () => {
        if (epoch.signal.aborted) return
        if (block === undefined) return acknowledge()
        if (!block.isRetry) await flush(block)
        schedule()
      }).catch((error: unknown) => {
        if (!epoch.signal.aborted) deps.onFailure(error)
      })
    }, limits.lingerMs)
  }

  /** Reads where the group stands in this partition, and finishes what an earlier owner had begun. */
  async function takeOver(): Promise<void> {
    const committed = await epoch.committed(topic, partition)
    nextOffset = committed.offset
    const intent = readMetadata(committed)
    if (intent !== undefined) lastIngestedAtMs = intent.ingestedAt
    if (intent?.last !== undefined) {
      const { last: lastOffset, ingestedAt: ingestedAtMs } = intent
      const retry = openBlock({
        topic,
        partition,
        firstOffset: committed.offset,
        lastOffset,
        ingestedAtMs,
        isRetry: true,
      })
      if (await store.hasLanded(topic, partition, ingestedAtMs, epoch.signal)) {
        await store.heal(retry, epoch.signal)
        nextOffset = lastOffset + 1
        unacknowledged = nextOffset
        deps.log.info(
          { topic, partition, firstOffset: committed.offset, lastOffset },
          'took over a block that had landed',
        )
      } else {
        block = retry
        deps.log.info({ topic, partition, firstOffset: committed.offset, lastOffset }, 'taking over an announced block')
      }
    }
    isReady = true
  }

  function readMetadata(committed: Committed): z.infer<typeof metadataSchema> | undefined {
    if (committed.metadata === '') return undefined
    const parsed = metadataSchema.safeParse(parseJson(committed.metadata))
    if (parsed.success) return parsed.data
    deps.log.warn({ topic, partition, offset: committed.offset }, 'commit metadata is not ours; starting at its offset')
    return undefined
  }

  return {
    accept: (records) => enqueue(() => accept(records)),
    finish: () =>
      enqueue(async () => {
        clearTimeout(timer)
        if (epoch.signal.aborted) return
        if (block !== undefined && !block.isRetry) await flush(block)
        await acknowledge()
      }),
    get buffered() {
      return { rows: block?.events.length ?? 0, bytes: block?.bytes ?? 0 }
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
