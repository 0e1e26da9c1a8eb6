/**
 * The way of a record, top to bottom: decode -> enrich -> detect (inspect, group, learn) -> into the block.
 * What comes before is a source (ingest/), what comes after is the partition's progress (partition.ts), the store and
 * the outbox.
 */
import { type Block, type BlockLimits, isFull } from './block.ts'
import type { MemoryBudget } from './alert/memory-budget.ts'
import type { AccessEvent, DecodedEvent, TokenId } from './event.ts'
import type { Fold, Folded } from './fold.ts'
import type { Decoded } from './ingest/decode.ts'
import type { RawRecord } from './ingest/source.ts'
import { dayOf } from './profile/calendar.ts'
import type { PeerCount } from './profile/counted-peers.ts'
import type { SourceFold } from './source-fold.ts'
import { slotOf } from './sources/source.ts'
import type { TokenStates } from './token-states.ts'

/** Records that are decoded ahead, so that their tokens' states are loaded in one go. */
const CHUNK_RECORDS = 2_000

export interface PipelineSteps {
  /** Bytes to events and dead letters; never throws. `ingestedAtMs` decides what is too late or too early. */
  readonly decode: (record: RawRecord, ingestedAtMs: number) => Decoded
  readonly enrich: (event: DecodedEvent) => AccessEvent
  readonly states: TokenStates
  readonly fold: Fold
  /** Peers that are counted as the fold goes. */
  readonly peers?: PeerCount
  /** Peers that are looked up in what is stored. */
  readonly peerBlocks?: PeerBlocks
  /** Thresholds that are taken from what is stored. */
  readonly days?: ThresholdDays
  /** Scores of incidents that are counted as the fold goes. */
  readonly budget?: Pick<MemoryBudget, 'learn'>
  /** Snapshots of sources that are taken from what is stored. */
  readonly slots?: SourceSlots
  /** Sources that are counted as the fold goes. */
  readonly foldSource?: SourceFold
}

/** Thresholds of days, since 1970, on which incidents may begin. */
export interface ThresholdDays {
  isReady(day: number): boolean
  prepare(days: ReadonlySet<number>): Promise<void>
}

/** Snapshots of sources at the start of slots, numbers of ten minutes since 1970. */
export interface SourceSlots {
  prepare(slots: ReadonlySet<number>, ingestedAtMs: number): Promise<void>
  /** From now on events are of a block with this `ingested_at`. */
  begin(ingestedAtMs: number): void
}

/** What is stored of peers, as a block sees it. */
export interface PeerBlocks {
  /** Looks up what these events, which are next in the block, may ask. Their tokens' states are acquired. */
  prepare(block: Block, events: readonly AccessEvent[], states: TokenStates): Promise<void>
  /** From now on events are of this block. */
  begin(block: Block): void
}

export interface Pipeline {
  /**
   * Takes records, in order, into the block until it is full or none are left. Returns how many were taken, at least
   * one unless the block has ended. Those left over belong to the next block, whose `ingested_at` decides about them.
   */
  extend(block: Block, records: readonly RawRecord[], from: number): Promise<number>
}

export function createPipeline(steps: PipelineSteps, limits: BlockLimits): Pipeline {
  return {
    async extend(block, records, from) {
      const end = Math.min(records.length, from + CHUNK_RECORDS)
      const decoded: Decoded[] = []
      const wanted = new Set<TokenId>()
      for (let at = from; at < end; at++) {
        const outcome = steps.decode(records[at] as RawRecord, block.ingestedAtMs)
        decoded.push(outcome)
        for (const { tokenId } of outcome.events) {
          if (tokenId !== '' && !block.tokens.has(tokenId)) wanted.add(tokenId)
        }
      }
      const endsHere = cutBeforeNewDay(block, decoded, steps.days)
      if (wanted.size > 0) await steps.states.acquire([...wanted], block)
      for (const tokenId of wanted) block.tokens.add(tokenId)
      await steps.days?.prepare(daysOf(decoded, wanted, steps.states))
      await steps.slots?.prepare(slotsOf(decoded), block.ingestedAtMs)
      const enriched = await lookUpPeers(block, decoded, steps)
      steps.slots?.begin(block.ingestedAtMs)
      steps.peerBlocks?.begin(block)

      let at = from
      for (const [nth, { events, deadLetters }] of decoded.entries()) {
        takeRecord(block, records[at++] as RawRecord)
        block.deadLetters.push(...deadLetters)
        for (const event of enriched?.[nth] ?? events.map(steps.enrich)) foldInto(block, event, steps)
        if (!block.isRetry && isFull(block, limits)) break
      }
      block.isEnded ||= endsHere
      return at - from
    },
  }
}

/** The events of each record, enriched ahead: peers are asked about what enrichment says. */
async function lookUpPeers(block: Block, decoded: readonly Decoded[], { peerBlocks, enrich, states }: PipelineSteps) {
  if (peerBlocks === undefined) return undefined
  const enriched = decoded.map(({ events }) => events.map(enrich))
  await peerBlocks.prepare(block, enriched.flat(), states)
  return enriched
}

/**
 * Leaves out what comes from the first event of a later day on whose threshold is to be taken yet: that rests on what is
 * stored of the days before, so the block ends there. Returns whether it does.
 */
function cutBeforeNewDay(block: Block, decoded: Decoded[], days: ThresholdDays | undefined): boolean {
  if (days === undefined || block.isRetry) return false
  for (const [at, { events }] of decoded.entries()) {
    for (const { timeMs } of events) {
      const day = dayOf(timeMs)
      if (day <= block.latestDay) continue
      if (block.records + at > 0 && block.latestDay > 0 && !days.isReady(day)) {
        decoded.length = at
        return true
      }
      block.latestDay = day
    }
  }
  return false
}

/** Days of the events, and of the incidents that are open for tokens which were loaded for them. */
function daysOf(decoded: readonly Decoded[], tokens: ReadonlySet<TokenId>, states: TokenStates): Set<number> {
  const days = new Set<number>()
  for (const { events } of decoded) for (const { timeMs } of events) days.add(dayOf(timeMs))
  for (const tokenId of tokens) {
    for (const incident of Object.values(states.of(tokenId).incidents)) days.add(dayOf(incident.firstMs))
  }
  return days
}

/** Slots of the events. */
function slotsOf(decoded: readonly Decoded[]): Set<number> {
  return new Set(decoded.flatMap(({ events }) => events.map(({ timeMs }) => slotOf(timeMs))))
}

function takeRecord(block: Block, { offset, value, timestampMs }: RawRecord): void {
  if (block.records === 0) block.firstTimestampMs = timestampMs ?? 0
  block.records++
  block.bytes += value?.length ?? 0
  if (!block.isRetry) block.lastOffset = offset
}

function foldInto(block: Block, event: AccessEvent, steps: PipelineSteps): void {
  const { states, fold, peers, budget, foldSource } = steps
  const before = block.findings.length
  const state = event.tokenId === '' ? undefined : states.of(event.tokenId)
  peers?.begin(event.timeMs)
  const folded = fold(state, event)
  peers?.learn(event, folded.firsts)
  block.events.push(folded.event)
  addFound(block, folded, event)
  if (folded.sight !== undefined && foldSource !== undefined) addFound(block, foldSource(event, folded.sight), event)
  budget?.learn(folded.event, block.findings.slice(before))
}

type Found = Pick<Folded, 'findings' | 'alerts'>

function addFound(block: Block, { findings, alerts }: Found, { position }: AccessEvent): void {
  block.findings.push(...findings)
  for (const alert of alerts) {
    block.alerts.push({ alert, position })
    block.isUrgent ||= alert.concern !== 'governance'
  }
}
