/**
 * The way of a record, top to bottom: decode -> enrich -> detect (inspect, group, learn) -> into the block.
 * What comes before is a source (ingest/), what comes after is the partition's progress (partition.ts), the store and
 * the outbox.
 */
import { type Block, type BlockLimits, isFull } from './block.ts'
import type { MemoryBudget } from './alert/memory-budget.ts'
import type { AccessEvent, DecodedEvent, TokenId } from './event.ts'
import type { Fold, Folded } from './fold.ts'
import type { DeadLetter } from './ingest/dead-letter.ts'
import type { RawRecord } from './ingest/source.ts'
import type { MemoryPeers } from './profile/memory-peers.ts'
import type { SourceFold } from './source-fold.ts'
import type { TokenStates } from './token-states.ts'

/** Records that are decoded ahead, so that their tokens' states are loaded in one go. */
const CHUNK_RECORDS = 2_000

export interface PipelineSteps {
  /** Bytes to events and dead letters; never throws. `ingestedAtMs` decides what is too late or too early. */
  readonly decode: (
    record: RawRecord,
    ingestedAtMs: number,
  ) => { readonly events: readonly DecodedEvent[]; readonly deadLetters: readonly DeadLetter[] }
  readonly enrich: (event: DecodedEvent) => AccessEvent
  readonly states: TokenStates
  readonly fold: Fold
  /** Peers that are counted as the fold goes. */
  readonly peers?: Pick<MemoryPeers, 'learn'>
  /** Scores of incidents that are counted as the fold goes. */
  readonly budget?: Pick<MemoryBudget, 'learn'>
  /** Sources that are counted as the fold goes. */
  readonly foldSource?: SourceFold
}

export interface Pipeline {
  /**
   * Takes records, in order, into the block until it is full or none are left. Returns how many were taken, at least
   * one. Those left over belong to the next block, whose `ingested_at` decides about them.
   */
  extend(block: Block, records: readonly RawRecord[], from: number): Promise<number>
}

export function createPipeline(steps: PipelineSteps, limits: BlockLimits): Pipeline {
  return {
    async extend(block, records, from) {
      const chunk = records.slice(from, from + CHUNK_RECORDS)
      const decoded = chunk.map((record) => {
        const { events, deadLetters } = steps.decode(record, block.ingestedAtMs)
        return { record, deadLetters, events: events.map(steps.enrich) }
      })
      const wanted = new Set<TokenId>()
      for (const { events } of decoded) {
        for (const { tokenId } of events) if (tokenId !== '' && !block.tokens.has(tokenId)) wanted.add(tokenId)
      }
      if (wanted.size > 0) await steps.states.acquire([...wanted], block)
      for (const tokenId of wanted) block.tokens.add(tokenId)

      let taken = 0
      for (const { record, deadLetters, events } of decoded) {
        if (block.records === 0) block.firstTimestampMs = record.timestampMs ?? 0
        block.records++
        block.bytes += record.value?.length ?? 0
        if (!block.isRetry) block.lastOffset = record.offset
        block.deadLetters.push(...deadLetters)
        for (const event of events) {
          const before = block.findings.length
          const folded = steps.fold(stateOf(steps.states, event), event)
          steps.peers?.learn(event, folded.firsts)
          addFolded(block, folded)
          if (folded.sight !== undefined && steps.foldSource !== undefined) {
            addFindings(block, steps.foldSource(event, folded.sight), event)
          }
          steps.budget?.learn(folded.event, block.findings.slice(before))
        }
        taken++
        if (!block.isRetry && isFull(block, limits)) break
      }
      return taken
    },
  }
}

function stateOf(states: TokenStates, event: AccessEvent) {
  return event.tokenId === '' ? undefined : states.of(event.tokenId)
}

type Found = Pick<Folded, 'findings' | 'alerts'>

function addFolded(block: Block, folded: Folded): void {
  block.events.push(folded.event)
  addFindings(block, folded, folded.event)
}

function addFindings(block: Block, { findings, alerts }: Found, { position }: AccessEvent): void {
  block.findings.push(...findings)
  for (const alert of alerts) block.alerts.push({ alert, position })
}
