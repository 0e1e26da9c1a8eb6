/** The bits of stored findings, computed a second time in SQL (recompute.ts), come out the same. */
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { loadConfig } from '../../src/config.ts'
import type { Finding } from '../../src/detect/finding.ts'
import { createDetection } from '../../src/detection.ts'
import { createTokenState } from '../../src/fold.ts'
import type { RawRecord } from '../../src/ingest/source.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { chainOf } from '../../src/profile/dimension.ts'
import type { AccessEvent } from '../../src/event.ts'
import { replay } from '../../src/replay.ts'
import { simulate } from '../../src/simulate/simulation.ts'
import { createBlockStore } from '../../src/store/blocks.ts'
import { createMemoryStates } from '../../src/token-states.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { CONCURRENT_USE_SQL, DORMANT_TOKEN_SQL, FIRST_WRITE_SQL, NEW_VALUE_SQL, UNUSUAL_HOUR_SQL } from './recompute.ts'

const db = await testDatabase('recompute')
/** Findings from one bit on, for there are more of them and their numbers vary more. */
const config = loadConfig({ set: ['detect.findingBitsMin=1'], env: {} })
const LIMITS = { rowsMax: 20_000, bytesMax: 64_000_000 }
const SAMPLE = 100
const TOLERANCE_BITS = 0.01

/** Which query recomputes a detector's bits, and the dimension that it asks for. Volume and errors have none yet. */
const QUERIES = {
  'new-country': [NEW_VALUE_SQL, 'network', 1],
  'new-network': [NEW_VALUE_SQL, 'network', 1],
  'new-address': [NEW_VALUE_SQL, 'network', 1],
  'new-endpoint': [NEW_VALUE_SQL, 'route', 2],
  'new-user-agent': [NEW_VALUE_SQL, 'agent', 4],
  'concurrent-use': [CONCURRENT_USE_SQL, 'network', 1],
  'unusual-hour': [UNUSUAL_HOUR_SQL, 'network', 1],
  'first-write': [FIRST_WRITE_SQL, 'route', 2],
  'dormant-token': [DORMANT_TOKEN_SQL, 'network', 1],
} as const
type Recomputed = keyof typeof QUERIES

const found: { readonly finding: Finding; readonly event: AccessEvent }[] = []

/** A month of a few tokens with all attacks, thinned out; the attacks in it are whole. */
function month(): string[] {
  const all = [...simulate({ seed: 7, tokens: 10, days: 32, startMs: Date.UTC(2024, 8, 2), attacks: 'all' })]
  return all.filter(({ label }, at) => label !== undefined || at % 4 === 0).map(({ event }) => JSON.stringify(event))
}

beforeAll(async () => {
  const detection = await createDetection(config)
  const states = createMemoryStates((tokenId) => createTokenState(tokenId, detection.foldSettings.profile))
  const decode = (record: RawRecord, ingestedAtMs: number) => detection.decode(record, ingestedAtMs, false)
  const store = createBlockStore({ db, keyId: '', onRetry: () => {} })
  const events = new Map<number, AccessEvent>()
  const findings: Finding[] = []
  await replay('month', recordsOf(month()), {
    pipeline: createPipeline({ ...detection, decode, states }, LIMITS),
    states,
    limits: LIMITS,
    clock: { now: () => Date.UTC(2024, 10, 1) },
    onAlert: () => {},
    store: {
      async write(block, signal) {
        await store.write(block, signal)
        findings.push(...block.findings)
        for (const event of block.events) events.set(event.position.offset, event)
      },
    },
    signal: new AbortController().signal,
  })
  for (const finding of findings) {
    const event = events.get(finding.position.offset)
    if (event !== undefined && finding.detector in QUERIES) found.push({ finding, event })
  }
})

async function* recordsOf(values: readonly string[]): AsyncGenerator<RawRecord[]> {
  yield values.map((value, offset) => ({ topic: 'month', partition: 0, offset, value: Buffer.from(value) }))
}

/** So many of each detector as of the others, as far as there are any; spread over the month. */
function sample(): (typeof found)[number][] {
  const groups = [...Map.groupBy(found, ({ finding }) => finding.detector).values()].sort((a, b) => a.length - b.length)
  const picked: (typeof found)[number][] = []
  for (const [at, group] of groups.entries()) {
    const share = Math.min(group.length, Math.ceil((SAMPLE - picked.length) / (groups.length - at)))
    for (let nth = 0; nth < share; nth++)
      picked.push(group[Math.floor((nth * group.length) / share)] as (typeof found)[number])
  }
  return picked
}

function recompute({ finding, event }: (typeof found)[number]): Promise<readonly { readonly bits: number }[]> {
  const [sql, dimension, bit] = QUERIES[finding.detector as Recomputed]
  return db.query(
    sql,
    {
      token: event.tokenId,
      offset: event.position.offset,
      at: event.timeMs,
      chain: chainOf(dimension, event),
      bit,
      gap: config.alerting.incidentGapMs,
      adopt: config.learning.adoptAfterMs,
      peers: finding.numbers['peerBits'] ?? 0,
    },
    z.object({ bits: z.number() }),
  )
}

test('a hundred findings, of every detector that has a query', { timeout: 120_000 }, async () => {
  const picked = sample()
  expect(picked).toHaveLength(SAMPLE)
  expect(new Set(picked.map(({ finding }) => finding.detector))).toEqual(new Set(Object.keys(QUERIES)))
  const again = await Promise.all(picked.map(recompute))
  const wrong = picked.flatMap(({ finding }, at) => {
    const bits = again[at]?.[0]?.bits ?? Number.NaN
    const { detector, cause, numbers, subject, timeMs } = finding
    if (Math.abs(bits - finding.bits) <= TOLERANCE_BITS) return []
    return [{ detector, cause, numbers, subject, timeMs, bits: finding.bits, sqlBits: bits }]
  })
  expect(wrong).toEqual([])
})
