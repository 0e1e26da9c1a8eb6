/** The pipeline over a file: in memory without a trace, or into the store as one more partition. */
import type { Alert } from './alert/alert.ts'
import { type Block, type BlockLimits, isFull, openNewBlock } from './block.ts'
import type { RawRecord } from './ingest/source.ts'
import type { BlockStore } from './partition.ts'
import type { Pipeline } from './pipeline.ts'
import type { TokenStates } from './token-states.ts'
import type { Clock } from './clock.ts'

/** Nothing waits for a block that is not stored: a small one is forgotten before it has to be moved in memory. */
export const UNSTORED_BLOCK: BlockLimits = { rowsMax: 1_000, bytesMax: 2 ** 20 }

export interface ReplaySummary {
  records: number
  events: number
  deadLetters: number
  readonly deadLettersByReason: Map<string, number>
  findings: number
  readonly findingsByDetector: Map<string, number>
  readonly incidents: Set<string>
  alerts: number
  /** Event times of the first and the last event, 0 for none. */
  firstMs: number
  lastMs: number
}

export interface ReplayDeps {
  readonly pipeline: Pipeline
  readonly states: TokenStates
  readonly limits: BlockLimits
  readonly clock: Clock
  /** Called in order with each alert. */
  readonly onAlert: (alert: Alert) => void
  /** Called in order with each block before it is forgotten. */
  readonly onBlock?: (block: Block) => void
  /** Absent: nothing is stored. */
  readonly store?: Pick<BlockStore, 'write'>
  readonly signal: AbortSignal
}

/** Takes records as they come. */
export interface Replay {
  readonly take: (records: readonly RawRecord[]) => Promise<void>
  /** What it came to, once all were taken. */
  readonly end: () => Promise<ReplaySummary>
}

/** Reads all records. Positions start at offset 0 of the topic, partition 0. */
export async function replay(
  topic: string,
  batches: AsyncIterable<readonly RawRecord[]>,
  deps: ReplayDeps,
): Promise<ReplaySummary> {
  const { take, end } = createReplay(topic, deps)
  for await (const records of batches) await take(records)
  return end()
}

export function createReplay(topic: string, deps: ReplayDeps): Replay {
  const summary = emptySummary()
  let lastIngestedAtMs = 0
  let block: Block | undefined

  async function close(full: Block): Promise<void> {
    addUp(summary, full)
    deps.onBlock?.(full)
    for (const { alert } of full.alerts) deps.onAlert(alert)
    await deps.store?.write(full, deps.signal)
    deps.states.release(full.tokens)
    block = undefined
  }

  return {
    async take(records) {
      for (let at = 0; at < records.length;) {
        deps.signal.throwIfAborted()
        if (block === undefined) {
          const { offset } = records[at] as RawRecord
          block = openNewBlock({ topic, partition: 0 }, offset, deps.clock.now(), lastIngestedAtMs)
          lastIngestedAtMs = block.ingestedAtMs
        }
        at += await deps.pipeline.extend(block, records, at)
        if (isFull(block, deps.limits)) await close(block)
      }
    },
    async end() {
      if (block !== undefined) await close(block)
      return summary
    },
  }
}

function emptySummary(): ReplaySummary {
  return {
    records: 0,
    events: 0,
    deadLetters: 0,
    deadLettersByReason: new Map(),
    findings: 0,
    findingsByDetector: new Map(),
    incidents: new Set(),
    alerts: 0,
    firstMs: 0,
    lastMs: 0,
  }
}

function addUp(summary: ReplaySummary, block: Block): void {
  summary.records += block.records
  summary.events += block.events.length
  summary.deadLetters += block.deadLetters.length
  summary.findings += block.findings.length
  summary.alerts += block.alerts.length
  for (const { reason } of block.deadLetters) increment(summary.deadLettersByReason, reason)
  for (const finding of block.findings) {
    increment(summary.findingsByDetector, finding.detector)
    summary.incidents.add(finding.incidentId)
  }
  for (const { timeMs } of block.events) {
    if (summary.firstMs === 0 || timeMs < summary.firstMs) summary.firstMs = timeMs
    if (timeMs > summary.lastMs) summary.lastMs = timeMs
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
