/**
 * A broker and a database in memory, in which members of a consumer group come, die and are paused at any step. Inserts
 * are dropped by their token as ClickHouse drops them, for the table and for its view separately.
 */
import type { Block } from '../src/block.ts'
import { insertToken } from '../src/block.ts'
import { type EventId, type EventTimeMs, type FindingId, type TokenId } from '../src/event.ts'
import type { Alert } from '../src/alert/alert.ts'
import type { Finding, FoldedEvent } from '../src/detect/finding.ts'
import { type Folded, type TokenState, createTokenState } from '../src/fold.ts'
import { type Committed, type Epoch, EpochOverError } from '../src/ingest/epoch.ts'
import type { RawRecord } from '../src/ingest/source.ts'
import { silentLog } from '../src/log.ts'
import { type BlockStore, type Partition, createPartition } from '../src/partition.ts'
import { createPipeline } from '../src/pipeline.ts'
import { createCachedStates } from '../src/token-states.ts'

export const LINGER_MS = 1_000
const TOPIC = 'access'

/** What becomes of one step of a member, such as a commit, a query or an insert into one table. */
export const FATES = [
  'done',
  'crash before',
  'crash after',
  'only the table, then crash',
  'paused',
  'others wake first',
] as const
export type Fate = (typeof FATES)[number]

export interface Limits {
  readonly rowsMax: number
  readonly bytesMax: number
}

export interface Member {
  readonly partition: Partition
  /** Resolves when it is dead or paused: the broker gives its partition to another. */
  readonly gone: Promise<void>
  readonly failures: unknown[]
  readonly isGone: () => boolean
  /** Where its consumer reads next. */
  position: number
}

interface Row {
  readonly offset: number
  readonly tokenId: string
}

export type World = ReturnType<typeof createWorld>

export function createWorld(limits: Limits, fates: readonly Fate[]) {
  const tables = {
    events: new Map<string, readonly Row[]>(),
    findings: new Map<string, readonly string[]>(),
    alerts: new Map<string, readonly string[]>(),
    deadLetters: new Map<string, readonly number[]>(),
  }
  /** Fed by `events`; what profiles are loaded from. */
  const view = new Map<string, readonly Row[]>()
  const broker: { generation: number; committed: Committed | undefined } = { generation: 0, committed: undefined }
  const paused: (() => void)[] = []
  const upcoming = [...fates]
  let nowMs = 1_000_000

  function insertEvents(token: string, rows: readonly Row[], feedView: boolean): void {
    if (!tables.events.has(token)) tables.events.set(token, rows)
    if (feedView && !view.has(token)) view.set(token, rows)
  }

  function join(): Member {
    const generation = ++broker.generation
    const committed = broker.committed ?? { offset: 0, metadata: '' }
    const over = new AbortController()
    const gone = Promise.withResolvers<void>()
    let isGone = false
    const leave = () => {
      isGone = true
      gone.resolve()
    }

    /** One step: `partly` is what a crash in the middle of it leaves behind. */
    function step<T>(effect: () => T, partly: () => void = () => {}): Promise<T> {
      const fate = upcoming.shift() ?? 'done'
      if (fate === 'others wake first') wakeAll()
      if (fate === 'paused') {
        return new Promise<T>((resolve, reject) => {
          paused.push(() => {
            try {
              resolve(effect())
            } catch (error) {
              reject(error)
            }
          })
          leave()
        })
      }
      if (fate === 'done' || fate === 'others wake first') return Promise.resolve().then(effect)
      if (fate === 'crash after') effect()
      if (fate === 'only the table, then crash') partly()
      leave()
      return new Promise<T>(() => {})
    }

    const epoch: Epoch = {
      signal: over.signal,
      committed: async () => committed,
      async commit(_topic, _partition, offset, metadata) {
        over.signal.throwIfAborted()
        await step(() => {
          if (generation !== broker.generation) {
            over.abort(new EpochOverError())
            throw over.signal.reason
          }
          broker.committed = { offset, metadata }
        })
        over.signal.throwIfAborted()
      },
    }
    const store: BlockStore = {
      async write(block, signal) {
        const parts: readonly [string, number, (token: string, feedView: boolean) => void][] = [
          [
            'dead_letters',
            block.deadLetters.length,
            (token) =>
              putNew(
                tables.deadLetters,
                token,
                block.deadLetters.map((each) => each.position.offset),
              ),
          ],
          [
            'findings',
            block.findings.length,
            (token) =>
              putNew(
                tables.findings,
                token,
                block.findings.map((each) => each.findingId),
              ),
          ],
          [
            'alerts',
            block.alerts.length,
            (token) =>
              putNew(
                tables.alerts,
                token,
                block.alerts.map(({ alert }) => alert.alertId),
              ),
          ],
          ['events', block.events.length, (token, feedView) => insertEvents(token, rowsOf(block), feedView)],
        ]
        for (const [table, rows, put] of parts) {
          if (rows === 0) continue
          signal.throwIfAborted()
          const token = insertToken(block, table)
          await step(
            () => put(token, true),
            () => put(token, false),
          )
        }
      },
      hasLanded: (_topic, _partition, ingestedAtMs) =>
        step(() => [...tables.events.keys()].some((token) => token.includes(`@${ingestedAtMs}/`))),
      heal: (block) =>
        step(() => {
          const token = insertToken(block, 'events')
          const rows = tables.events.get(token)
          if (rows !== undefined) insertEvents(token, rows, true)
        }),
    }
    const states = createCachedStates(
      (tokenIds) => step(() => new Map(tokenIds.map((tokenId) => [tokenId, loadState(tokenId)]))),
      3,
    )
    const failures: unknown[] = []
    const partition = createPartition({
      topic: TOPIC,
      partition: 0,
      epoch,
      pipeline: createPipeline(
        {
          decode: (record) => decode(record),
          enrich: (event) => event as FoldedEvent,
          states,
          fold: (state, event) => fold(state as TokenState, event as FoldedEvent),
        },
        limits,
      ),
      states,
      store,
      clock: { now: () => ++nowMs },
      log: silentLog,
      limits: { ...limits, lingerMs: LINGER_MS },
      isOverBudget: () => false,
      onStored: () => {},
      onFailure: (error) => failures.push(error),
    })
    return { partition, gone: gone.promise, failures, isGone: () => isGone, position: committed.offset }
  }

  function loadState(tokenId: TokenId): TokenState {
    const state = newState(tokenId)
    for (const rows of view.values()) for (const row of rows) if (row.tokenId === tokenId) state.profile.nowMs++
    return state
  }

  /** Those that were paused go on, and find out for themselves that time has passed. */
  function wakeAll(): void {
    for (const wake of paused.splice(0)) wake()
  }

  return { tables, view, broker, join, wakeAll }
}

function putNew<T>(table: Map<string, T>, token: string, rows: T): void {
  if (!table.has(token)) table.set(token, rows)
}

function rowsOf(block: Block): Row[] {
  return block.events.map(({ position, tokenId }) => ({ offset: position.offset, tokenId }))
}

function newState(tokenId: TokenId): TokenState {
  return createTokenState(tokenId, { valuesMax: 1, adoptAfterMs: 1, incidentGapMs: 1 })
}

/** A record is its token's name; '!' is a record that cannot be read. */
export function recordOf(offset: number, text: string): RawRecord {
  return { topic: TOPIC, partition: 0, offset, value: Buffer.from(text) }
}

function decode(record: RawRecord) {
  const text = Buffer.from(record.value ?? []).toString()
  const position = { topic: TOPIC, partition: 0, offset: record.offset, index: 0 }
  if (text === '!') {
    const letter = {
      position,
      reason: 'not-json' as const,
      detail: 'not read',
      excerpt: '',
      lengthBytes: 1,
      sha256: '',
    }
    return { events: [], deadLetters: [letter] }
  }
  const event = {
    position,
    tokenId: text as TokenId,
    eventId: String(record.offset) as EventId,
    timeMs: 0 as EventTimeMs,
  }
  return { events: [event as FoldedEvent], deadLetters: [] }
}

/** Counts a token's events in its state. Every third is a finding and every fifth an alert, whose ids say the count. */
function fold(state: TokenState, event: FoldedEvent): Folded {
  const count = ++state.profile.nowMs
  const id = `${event.tokenId}${count}`
  return {
    event,
    findings: count % 3 === 0 ? [{ findingId: id as FindingId } as Finding] : [],
    alerts: count % 5 === 0 ? [{ alertId: id } as Alert] : [],
    firsts: [],
    sight: undefined,
  }
}

/** What one process would store that never fails. */
export function expectedOf(texts: readonly string[]) {
  const states = new Map<string, TokenState>()
  const expected = {
    events: [] as number[],
    deadLetters: [] as number[],
    findings: [] as string[],
    alerts: [] as string[],
  }
  for (const [offset, text] of texts.entries()) {
    if (text === '') continue
    const { events, deadLetters } = decode(recordOf(offset, text))
    expected.deadLetters.push(...deadLetters.map(({ position }) => position.offset))
    for (const event of events) {
      const state = states.get(text) ?? newState(text as TokenId)
      states.set(text, state)
      const { findings, alerts } = fold(state, event)
      expected.events.push(offset)
      expected.findings.push(...findings.map(({ findingId }) => findingId))
      expected.alerts.push(...alerts.map(({ alertId }) => alertId))
    }
  }
  return expected
}
