/** Peers as ClickHouse keeps them: what a log sees of itself and of others, and that it stays what it was. */
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createStoredPeers } from '../../src/app/stored-peers.ts'
import { createStoredStates } from '../../src/app/stored-states.ts'
import { type Block, openBlock } from '../../src/block.ts'
import { configSchema } from '../../src/config/schema.ts'
import { createDetection } from '../../src/detection.ts'
import { createTokenState } from '../../src/fold.ts'
import type { RawRecord } from '../../src/ingest/source.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { createMemoryPeers } from '../../src/profile/memory-peers.ts'
import { NO_SURGES } from '../../src/profile/surges.ts'
import { simulate } from '../../src/simulate/simulation.ts'
import { dropOldMonths } from '../../src/store/retention.ts'
import { createBlockStore } from '../../src/store/blocks.ts'
import type { Database } from '../../src/store/database.ts'
import { lookUpPeers, readPeerSnapshot, takePeerSnapshot } from '../../src/store/peers.ts'
import { createMemoryStates } from '../../src/token-states.ts'
import { testDatabase } from '../support/clickhouse.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const START_MS = Date.UTC(2026, 0, 5)
const LIMITS = { rowsMax: 100_000, bytesMax: 2 ** 30 }
const config = configSchema.parse({ detect: { findingBitsMin: 0.5 } })

/** Some weeks of tokens of a few tenants, thinned out. */
const VALUES: readonly string[] = [...simulate({ seed: 5, tokens: 24, days: 21, startMs: START_MS, attacks: true })]
  .filter(({ label }, at) => label !== undefined || at % 150 === 0)
  .map(({ event }, at) => JSON.stringify({ ...event, tenant: ['acme', 'globex', ''][at % 3] }))

type Peers = 'counted' | { readonly db: Database; readonly stored: ReturnType<typeof createStoredPeers> }

/**
 * One log, whose blocks are cut as a test likes, folded among peers; where they are stored, it may be, too.
 * @param isLoaded whether states of tokens come from there: for whoever takes the log over.
 */
async function createLog(topic: string, among: Peers, isLoaded = false) {
  const peers = among === 'counted' ? createMemoryPeers(NO_SURGES) : among.stored.peers
  const detection = await createDetection(config, { peers })
  const { profile } = detection.foldSettings
  const states =
    isLoaded && among !== 'counted'
      ? createStoredStates(among.db, profile, 1_000)
      : createMemoryStates((id) => createTokenState(id, profile))
  const pipeline = createPipeline(
    {
      decode: (record, atMs) => detection.decode(record, atMs, false),
      enrich: detection.enrich,
      states,
      fold: detection.fold,
      peers,
      ...(among !== 'counted' && { peerBlocks: among.stored.blocksOf(among.db) }),
    },
    LIMITS,
  )
  const blocks = among === 'counted' ? undefined : createBlockStore({ db: among.db, keyId: '', onRetry: () => {} })
  return {
    async fold(values: readonly string[], firstOffset: number, ingestedAtMs: number): Promise<Block> {
      const lastOffset = firstOffset + values.length - 1
      const block = openBlock({ topic, partition: 0, firstOffset, lastOffset, ingestedAtMs, isRetry: false })
      const records: RawRecord[] = values.map((value, at) => ({
        topic,
        partition: 0,
        offset: firstOffset + at,
        value: Buffer.from(value),
      }))
      for (let at = 0; at < records.length;) at += await pipeline.extend(block, records, at)
      return block
    },
    store: (block: Block) => blocks?.write(block, new AbortController().signal),
  }
}

/** What was learned and found, but for the names of snapshots. */
function told(blocks: readonly Block[]): string[] {
  const events = blocks.flatMap((block) => block.events)
  const findings = blocks.flatMap((block) => block.findings)
  return [
    ...events.map(({ eventId, surpriseBits, learned, held, fresh, firsts, peerWindowMs }) =>
      JSON.stringify({ eventId, surpriseBits, learned, held, fresh, firsts, peerWindowMs }),
    ),
    ...findings.map(({ findingId, bits, sumBits, numbers }) => JSON.stringify({ findingId, bits, sumBits, numbers })),
  ]
}

async function column(db: Database, sql: string): Promise<string[]> {
  return (await db.query(sql, {}, z.object({ value: z.string() }))).map(({ value }) => value)
}

type Log = Awaited<ReturnType<typeof createLog>>

async function foldAll(log: Log, rows: number, nowMs: number): Promise<Block[]> {
  const blocks: Block[] = []
  for (let at = 0; at < VALUES.length; at += rows) {
    const block = await log.fold(VALUES.slice(at, at + rows), at, nowMs + at)
    await log.store(block)
    blocks.push(block)
  }
  return blocks
}

describe('one log by itself', () => {
  let counted: readonly Block[] = []
  beforeAll(async () => {
    counted = await foldAll(await createLog('access', 'counted'), VALUES.length, 0)
    const findings = counted.flatMap((block) => block.findings)
    expect(findings.filter(({ numbers }) => (numbers['peerBits'] ?? 0) !== 0).length).toBeGreaterThan(20)
  })

  test.for([
    ['caught up with in large blocks', 3_000, Date.UTC(2026, 6)],
    ['caught up with in small ones', 177, Date.UTC(2026, 6)],
    ['live', 177, START_MS],
  ] as const)('is judged as peers that are counted judge it, %s', async ([, rows, nowMs]) => {
    const db = await testDatabase('peers')
    const log = await createLog('access', { db, stored: createStoredPeers() })
    expect(told(await foldAll(log, rows, nowMs))).toEqual(told(counted))
  })
})

describe('two logs', () => {
  /** Tokens of each log, and as many blocks of each as days, one after the other. */
  const halves = [0, 1].map((half) => VALUES.filter((value) => keyOf(value) % 2 === half))
  const BLOCKS = 14
  /** Of the block that is made again: early, when much is new. */
  const LAST = 4

  function keyOf(value: string): number {
    return (JSON.parse(value) as { token_id: string }).token_id.charCodeAt(7)
  }

  function blockOf(half: number, nth: number) {
    const values = halves[half] as readonly string[]
    const rows = Math.ceil(values.length / BLOCKS)
    return { values: values.slice(nth * rows, (nth + 1) * rows), firstOffset: nth * rows }
  }

  test('see what the other had stored when the snapshot was taken, and a block that is made again sees the same', async () => {
    const db = await testDatabase('logs')
    const members = [createStoredPeers(), createStoredPeers()]
    const logs = await Promise.all(members.map((stored, half) => createLog(`log-${half}`, { db, stored })))
    const nowMs = Date.UTC(2026, 6)
    const own: Block[] = []
    for (let nth = 0; nth <= LAST; nth++) {
      for (const [half, log] of logs.entries()) {
        const { values, firstOffset } = blockOf(half, nth)
        const block = await log.fold(values, firstOffset, nowMs + nth * 1000)
        if (nth < LAST || half === 0) await log.store(block)
        if (half === 1) own.push(block)
      }
    }
    const last = own.at(-1) as Block
    const snapshots = new Set(last.findings.map(({ snapshot }) => snapshot))
    expect(snapshots.size).toBe(1)
    expect([...snapshots].every((name) => /^peers 2026-01-\d\dT00:00:00.000Z$/.test(name))).toBe(true)

    // Meanwhile other tokens do the same in a log that nobody has seen yet.
    const third = await createLog('log-2', { db, stored: createStoredPeers() })
    const others = VALUES.map((value) => value.replace('"token_id":"', '"token_id":"other-'))
    await third.store(await third.fold(others, 0, nowMs))
    const heir = await createLog('log-1', { db, stored: createStoredPeers() }, true)
    const { values, firstOffset } = blockOf(1, LAST)
    const again = await heir.fold(values, firstOffset, last.ingestedAtMs)
    expect(told([again])).toEqual(told([last]))
    expect(again.findings.map(({ snapshot }) => snapshot)).toEqual(last.findings.map(({ snapshot }) => snapshot))

    const alone = await createLog('log-1', 'counted')
    const unaware: Block[] = []
    for (let nth = 0; nth <= LAST; nth++) {
      const { values: half, firstOffset: at } = blockOf(1, nth)
      unaware.push(await alone.fold(half, at, nowMs + nth * 1000))
    }
    expect(told(unaware)).not.toEqual(told(own))
  })
})

describe('a snapshot', () => {
  const ASKED = { prefixes: ['US|', 'DE|'], tenants: ['acme'] }
  const OWN = { topic: 'new', partition: 0, ingestedAtMs: 0 }

  test('is that of whoever took it first, and says the same whatever is stored later', async () => {
    const db = await testDatabase('snapshot')
    const log = await createLog('first', { db, stored: createStoredPeers() })
    await log.store(await log.fold(VALUES.slice(0, 60), 0, START_MS))
    const atMs = START_MS + 30 * DAY_MS
    const [one, other] = await Promise.all([takePeerSnapshot(db, atMs), takePeerSnapshot(db, atMs)])
    expect(one).toEqual(other)
    const known = await lookUpPeers(db, atMs, OWN, ASKED)
    expect(known.length).toBeGreaterThan(0)

    await log.store(await log.fold(VALUES.slice(60, 300), 60, START_MS + 1000))
    const second = await createLog('second', { db, stored: createStoredPeers() })
    await second.store(await second.fold(VALUES.slice(0, 300), 0, START_MS + 1000))
    await db.command('OPTIMIZE TABLE peer_values FINAL')
    expect(await takePeerSnapshot(db, atMs)).toEqual(one)
    expect(await readPeerSnapshot(db, atMs)).toEqual(one)
    expect(sorted(await lookUpPeers(db, atMs, OWN, ASKED))).toEqual(sorted(known))
    expect(
      sorted(await lookUpPeers(db, atMs, { ...OWN, topic: 'second', ingestedAtMs: START_MS + 1000 }, ASKED)),
    ).toEqual(sorted(known))
    const all = await lookUpPeers(db, atMs, { ...OWN, topic: 'second', ingestedAtMs: START_MS + 1001 }, ASKED)
    expect(all.length).toBeGreaterThanOrEqual(known.length)
    expect(await readPeerSnapshot(db, atMs + DAY_MS)).toBeUndefined()
  })

  function sorted(known: readonly object[]): string[] {
    return known.map((row) => JSON.stringify(row)).sort()
  }

  test('knows nothing any more of what nobody learned for months, and all of what somebody did', async () => {
    const db = await testDatabase('forgotten')
    const log = await createLog('first', { db, stored: createStoredPeers() })
    const call = (time: number, path: string) => JSON.stringify({ token_id: 'tok-1', time, path, ip: '8.8.8.8' })
    const later = START_MS + 60 * DAY_MS
    await log.store(await log.fold([call(START_MS, '/old'), call(later, '/new')], 0, later))
    await dropOldMonths(db, 202_602)
    const routes = () => column(db, "SELECT prefix AS value FROM peer_values WHERE dimension = 'route' ORDER BY value")
    await expect.poll(routes, { timeout: 30_000 }).toEqual(['|/new|'])
  })

  test('fits into the parameters of a query, however much a block asks', async () => {
    const db = await testDatabase('many')
    const stored = createStoredPeers()
    const log = await createLog('many', { db, stored })
    const values = Array.from({ length: 2_000 }, (_, at) =>
      JSON.stringify({
        token_id: `tok-${at}`,
        time: START_MS,
        path: '/v1',
        ip: '8.8.8.8',
        tenant: `tenant-${'x'.repeat(80)}-${at}`,
      }),
    )
    const block = await log.fold(values, 0, START_MS)
    await log.store(block)
    expect(block.events).toHaveLength(2_000)
  })
})
