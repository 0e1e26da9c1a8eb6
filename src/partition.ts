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
import { type Block, type BlockLimits, isFull, openBlock, openNewBlock } from './block.ts'
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

/** Where this partition stands. Changed by one piece of work at a time. */
interface Progress {
  isReady: boolean
  /** Records before this offset are done with, or in the block. */
  nextOffset: number
  lastIngestedAtMs: number
  /** Stored, but neither followed by an intent nor acknowledged. */
  unacknowledged: number | undefined
  block: Block | undefined
  timer: NodeJS.Timeout | undefined
}

/** Commit metadata. With `last` it is an intent; without, an acknowledgement that keeps `ingested_at` growing. */
const commitMetadata = z.object({ last: z.number().int().optional(), ingestedAt: z.number().int() })
type CommitMetadata = z.infer<typeof commitMetadata>

export function createPartition(deps: PartitionDeps): Partition {
  const { epoch, limits } = deps
  const progress: Progress = {
    isReady: false,
    nextOffset: 0,
    lastIngestedAtMs: 0,
    unacknowledged: undefined,
    block: undefined,
    timer: undefined,
  }
  let queue: Promise<unknown> = Promise.resolve()

  /** One thing at a time: a timer's flush must not run beside `accept`. */
  function enqueue(work: () => Promise<void>): Promise<void> {
    const result = queue.then(work)
    queue = result.catch(() => {})
    return result
  }

  /**
   * Stores a block that stayed small, or acknowledges the last one when nothing followed it. A timer that runs already
   * is left alone: its block's age counts from its first record, however many follow.
   */
  function schedule(): void {
    if (progress.timer !== undefined || epoch.signal.aborted) return
    if (progress.block === undefined && progress.unacknowledged === undefined) return
    progress.timer = setTimeout(() => {
      enqueue(async () => {
        progress.timer = undefined
        if (epoch.signal.aborted) return
        if (progress.block === undefined) return acknowledge(deps, progress)
        if (!progress.block.isRetry) await flush(deps, progress, progress.block)
        schedule()
      }).catch((error: unknown) => {
        if (!epoch.signal.aborted) deps.onFailure(error)
      })
    }, limits.lingerMs)
  }

  // A timer that is left running would keep the process from ending.
  epoch.signal.addEventListener('abort', () => stopTimer(progress), { once: true })

  return {
    accept: (records) =>
      enqueue(async () => {
        await accept(deps, progress, records)
        schedule()
      }),
    finish: () =>
      enqueue(async () => {
        stopTimer(progress)
        if (epoch.signal.aborted) return
        const { block } = progress
        if (block !== undefined && !block.isRetry) await flush(deps, progress, block)
        await acknowledge(deps, progress)
      }),
    get buffered() {
      return { rows: progress.block?.events.length ?? 0, bytes: progress.block?.bytes ?? 0 }
    },
  }
}

async function accept(deps: PartitionDeps, progress: Progress, records: readonly RawRecord[]): Promise<void> {
  if (!progress.isReady) await takeOver(deps, progress)
  let at = records.findIndex((record) => record.offset >= progress.nextOffset)
  while (at >= 0 && at < records.length) {
    deps.epoch.signal.throwIfAborted()
    const { offset } = records[at] as RawRecord
    progress.block ??= openNewBlock(deps, offset, deps.clock.now(), progress.lastIngestedAtMs)
    const { block } = progress
    at += block.isRetry
      ? await retake(deps, progress, block, records, at)
      : await deps.pipeline.extend(block, records, at)
    progress.nextOffset = Math.max(progress.nextOffset, (records[at - 1]?.offset ?? -1) + 1)
    const isComplete = block.isRetry
      ? progress.nextOffset > block.lastOffset
      : isFull(block, deps.limits) || deps.isOverBudget()
    if (isComplete) await flush(deps, progress, block)
  }
}

/** Makes an announced block again, from the records up to its end. Returns how many were used. */
async function retake(
  deps: PartitionDeps,
  progress: Progress,
  retry: Block,
  records: readonly RawRecord[],
  from: number,
): Promise<number> {
  const beyond = records.findIndex((record, at) => at >= from && record.offset > retry.lastOffset)
  const own = records.slice(from, beyond < 0 ? records.length : beyond)
  for (let at = 0; at < own.length;) at += await deps.pipeline.extend(retry, own, at)
  // Compaction or retention may have taken the last record: what lies beyond it ends the block as well.
  if (beyond >= 0) progress.nextOffset = retry.lastOffset + 1
  return own.length
}

async function flush(deps: PartitionDeps, progress: Progress, block: Block): Promise<void> {
  const startedAtMs = deps.clock.now()
  stopTimer(progress)
  if (block.isRetry && (await hasLanded(deps, block))) {
    // A write of the earlier owner has arrived only now. States that were loaded since may hold this block already.
    await acceptLanded(deps, progress, block)
    return
  }
  await commit(deps, block.firstOffset, { last: block.lastOffset, ingestedAt: block.ingestedAtMs })
  await deps.store.write(block, deps.epoch.signal)
  deps.states.release(block.tokens)
  progress.block = undefined
  progress.lastIngestedAtMs = block.ingestedAtMs
  progress.unacknowledged = block.lastOffset + 1
  deps.onStored(block, deps.clock.now() - startedAtMs)
}

function stopTimer(progress: Progress): void {
  clearTimeout(progress.timer)
  progress.timer = undefined
}

async function acknowledge(deps: PartitionDeps, progress: Progress): Promise<void> {
  if (progress.unacknowledged === undefined) return
  await commit(deps, progress.unacknowledged, { ingestedAt: progress.lastIngestedAtMs })
  progress.unacknowledged = undefined
}

async function commit(deps: PartitionDeps, offset: number, metadata: CommitMetadata): Promise<void> {
  await deps.epoch.commit(deps.topic, deps.partition, offset, JSON.stringify(metadata))
}

/** Reads where the group stands in this partition, and finishes what an earlier owner had begun. */
async function takeOver(deps: PartitionDeps, progress: Progress): Promise<void> {
  const { topic, partition, epoch, log } = deps
  const committed = await epoch.committed(topic, partition)
  const metadata = readMetadata(deps, committed)
  progress.nextOffset = committed.offset
  progress.lastIngestedAtMs = metadata?.ingestedAt ?? 0
  if (metadata?.last !== undefined) {
    const { last: lastOffset, ingestedAt: ingestedAtMs } = metadata
    const firstOffset = committed.offset
    const announced = openBlock({ topic, partition, firstOffset, lastOffset, ingestedAtMs, isRetry: true })
    if (await hasLanded(deps, announced)) {
      await acceptLanded(deps, progress, announced)
    } else {
      progress.block = announced
      log.info({ topic, partition, firstOffset, lastOffset }, 'makes an announced block again')
    }
  }
  progress.isReady = true
}

function hasLanded({ topic, partition, store, epoch }: PartitionDeps, { ingestedAtMs }: Block): Promise<boolean> {
  return store.hasLanded(topic, partition, ingestedAtMs, epoch.signal)
}

/** What an earlier owner has written is only made whole: nothing is inspected or learned, and the records are done with. */
async function acceptLanded(deps: PartitionDeps, progress: Progress, block: Block): Promise<void> {
  const { topic, partition, firstOffset, lastOffset, ingestedAtMs } = block
  await deps.store.heal(block, deps.epoch.signal)
  deps.states.discard(block.tokens)
  progress.block = undefined
  progress.nextOffset = Math.max(progress.nextOffset, lastOffset + 1)
  progress.lastIngestedAtMs = ingestedAtMs
  progress.unacknowledged = lastOffset + 1
  deps.log.info({ topic, partition, firstOffset, lastOffset }, 'took over a block that had landed')
}

function readMetadata({ topic, partition, log }: PartitionDeps, committed: Committed): CommitMetadata | undefined {
  if (committed.metadata === '') return undefined
  const parsed = commitMetadata.safeParse(parseJson(committed.metadata))
  if (parsed.success) return parsed.data
  log.warn({ topic, partition, offset: committed.offset }, 'commit metadata is not ours; starting at its offset')
  return undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
