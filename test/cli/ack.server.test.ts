/** `tokenwatch ack` and `tokenwatch forget` as an on-call engineer runs them, and what the calls that follow come to. */
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createBlockViews } from '../../src/app/block-views.ts'
import { createStoredStates } from '../../src/app/stored-states.ts'
import { loadConfig } from '../../src/config.ts'
import { createDetection } from '../../src/detection.ts'
import type { TokenId } from '../../src/event.ts'
import { silentLog } from '../../src/log.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { MASK } from '../../src/profile/dimension.ts'
import { replay } from '../../src/replay.ts'
import { HOUR_MS, MINUTE_MS } from '../../src/settings.ts'
import { createBlockStore } from '../../src/store/blocks.ts'
import { recordsOf } from '../integration/in-memory.ts'
import { told } from '../profile/histories.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { runOn } from '../support/command.ts'

const db = await testDatabase('ack')
/** Forgetting goes by the clock of the server, so the story is told around it. */
const NOW_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS
const HISTORY_HOURS = 16 * 24
const TRIP_MS = NOW_MS - HOUR_MS
const TOKENS = ['tok_benign', 'tok_malicious', 'tok_resolved', 'tok_handed_on', 'tok_one_habit'] as const
const TRIP = { ip: '81.2.69.160', user_agent: 'curl/8.0', path: '/v1/exports' }
const THIEF = { ip: '200.160.2.3', user_agent: 'python-requests/2.31', path: '/v1/api-keys' }

const run = (...args: string[]) => runOn(db.name, args)

function call(token: string, atMs: number, change: Partial<typeof TRIP> = {}): string {
  return JSON.stringify({
    timestamp: new Date(atMs).toISOString(),
    token_id: token,
    token_name: `${token} of acme`,
    tenant: 'acme',
    service: 'billing',
    method: 'GET',
    path: '/v1/invoices/17',
    ip: '93.184.216.34',
    user_agent: 'billing/2.1',
    status: 200,
    ...change,
  })
}

/** A service that stores what arrives at a time, and sees what people did as the real one does. */
async function createService() {
  const config = loadConfig({ set: [], env: {} })
  const detection = await createDetection(config)
  const { profile } = detection.foldSettings
  const views = createBlockViews(db, (ask) => ask(), silentLog)
  const actionsAt = async (atMs: number) => (await views.at(atMs)).actions
  const states = createStoredStates(db, profile, 100, { actionsAt })
  const store = createBlockStore({ db, keyId: '', onRetry: () => {} })
  const limits = { rowsMax: 10_000, bytesMax: 2 ** 24 }
  let blocks = 0
  return {
    /** @returns what is stored of these calls. */
    async arrive(atMs: number, ...lines: string[]) {
      const { registry, actions } = await views.at(atMs)
      const fold = detection.foldWith(registry, undefined, actions)
      const decode = (record: Parameters<typeof detection.decode>[0]) => detection.decode(record, atMs, false)
      const pipeline = createPipeline({ decode, enrich: detection.enrich, states, fold }, limits)
      const topic = `calls-${blocks++}`
      async function* batches() {
        yield recordsOf(topic, lines)
      }
      const signal = new AbortController().signal
      const clock = { now: () => atMs }
      await replay(topic, batches(), { pipeline, states, limits, clock, onAlert: () => {}, store, signal })
      return stored(topic)
    },
    async state(tokenId: TokenId, atMs: number) {
      await states.acquire([tokenId], { topic: '', partition: 0, firstOffset: 0, ingestedAtMs: atMs })
      return told(new Map([[tokenId, states.of(tokenId)]]))
    },
  }
}

const storedRow = z.object({
  held: z.number(),
  learned: z.number(),
  fresh: z.number(),
  detectors: z.array(z.string()),
  incident_id: z.string(),
  alerts: z.array(z.string()),
})

function stored(topic: string) {
  return db.query(
    `SELECT held, learned, fresh, reasons AS detectors, incident_id,
       (SELECT groupArray(concat(toString(kind), ' ', toString(reopening))) FROM
         (SELECT kind, reopening FROM alerts WHERE topic = {topic: String} ORDER BY time)) AS alerts
     FROM events WHERE topic = {topic: String} ORDER BY offset`,
    { topic },
    storedRow,
  )
}

const service = await createService()
const incidents = new Map<string, string>()

beforeAll(async () => {
  const lines = Array.from({ length: HISTORY_HOURS }, (_, hour) =>
    TOKENS.map((token) => call(token, TRIP_MS - (HISTORY_HOURS - hour) * HOUR_MS)),
  )
  await service.arrive(Date.now(), ...lines.flat())
  for (const token of TOKENS.slice(0, 3)) {
    const [trip] = await service.arrive(Date.now(), call(token, TRIP_MS, TRIP))
    expect(trip).toMatchObject({ alerts: ['opened 0'] })
    incidents.set(token, trip?.incident_id ?? '')
  }
})

const idOf = (token: (typeof TOKENS)[number]) => incidents.get(token) as string
/** Well after what was said until now counts, later each time. */
let arrivals = 0
const settled = () => Date.now() + ++arrivals * 10 * MINUTE_MS

const acked = z.object({
  incident_id: z.string(),
  subject: z.string(),
  actions: z.array(z.string()),
  dry_run: z.boolean(),
  counts_from: z.string().nullable(),
  values: z.array(z.object({ dimension: z.string(), value: z.string() })),
})

describe('ack --benign', () => {
  test('shows what it would mean and writes nothing, when it is a dry run', async () => {
    const { code, out } = await run('ack', idOf('tok_benign').slice(0, 10), '--benign', '--dry-run')
    expect(code).toBe(0)
    expect(out).toMatch(/Out of quarantine and known, .*: 4 values\.\n/)
    expect(out).toContain('agent=curl|8.0')
    expect(out).toContain('nothing was written')
    expect(await db.query('SELECT count() AS n FROM incident_actions', {}, z.object({ n: z.number() }))).toEqual([
      { n: 0 },
    ])
  })

  test('lets the same calls be learned without a finding, some minutes later, and judges others as before', async () => {
    const { code, out } = await run('ack', idOf('tok_benign'), '--benign', '--note', 'on a trip', '--json')
    expect(code).toBe(0)
    const said = acked.parse(JSON.parse(out))
    expect(said).toMatchObject({ incident_id: idOf('tok_benign'), actions: ['benign'], dry_run: false })
    expect(said.values.map(({ dimension }) => dimension).sort()).toEqual(['agent', 'network', 'place', 'route'])

    const [early] = await service.arrive(Date.now() + MINUTE_MS, call('tok_benign', TRIP_MS + MINUTE_MS, TRIP))
    expect(early?.held).not.toBe(0)
    const atMs = settled()
    expect(Date.parse(said.counts_from ?? '')).toBeLessThan(atMs)
    const [again] = await service.arrive(atMs, call('tok_benign', TRIP_MS + 2 * MINUTE_MS, TRIP))
    expect(again).toMatchObject({ held: 0, detectors: [], alerts: [] })
    expect((again?.learned ?? 0) & MASK.network).toBe(MASK.network)

    const [theft] = await service.arrive(settled(), call('tok_benign', TRIP_MS + 48 * HOUR_MS, THIEF))
    expect(theft).toMatchObject({ alerts: ['opened 0'] })
    expect(theft?.detectors).toContain('new-country')
    expect(theft?.incident_id).not.toBe(idOf('tok_benign'))
  })

  test('stands in explain, by who and why', async () => {
    const { out } = await run('explain', idOf('tok_benign').slice(0, 8))
    expect(out).toMatch(/benign +│ \S+ +│ on a trip/)
  })
})

describe('ack --malicious', () => {
  test('keeps its values out of the profile, finds them in full on another day, and leaves the owner alone', async () => {
    const { code, out } = await run('ack', idOf('tok_malicious'), '--malicious')
    expect(code).toBe(0)
    expect(out).toContain('Never adopted')
    expect(out).toContain(`tokenwatch ack ${idOf('tok_malicious')} --resolve`)
    const day = TRIP_MS + 24 * HOUR_MS
    const [owner, thief] = await service.arrive(
      settled(),
      call('tok_malicious', day),
      call('tok_malicious', day + MINUTE_MS, TRIP),
    )
    expect(owner).toMatchObject({ held: 0 })
    expect(owner?.detectors.filter((name) => name.startsWith('new-'))).toEqual([])
    expect(thief).toMatchObject({ alerts: ['opened 0'] })
    expect(thief?.detectors).toContain('new-country')
    expect((thief?.held ?? 0) & MASK.network).toBe(MASK.network)
  })

  test('speaks of the values that it names only', async () => {
    const { out } = await run(
      'ack',
      idOf('tok_malicious'),
      '--malicious',
      '--value',
      'network=GB',
      '--json',
      '--dry-run',
    )
    expect(acked.parse(JSON.parse(out)).values).toMatchObject([{ dimension: 'network' }])
  })
})

test('ack --resolve lets the incident open again with an alert', async () => {
  expect((await run('ack', idOf('tok_resolved'), '--resolve')).code).toBe(0)
  const [next] = await service.arrive(settled(), call('tok_resolved', TRIP_MS + HOUR_MS, THIEF))
  expect(next).toMatchObject({ incident_id: idOf('tok_resolved'), alerts: ['opened 1'] })
})

const forgotten = z.object({
  token_id: z.string(),
  is_whole: z.boolean(),
  before_time: z.iso.datetime(),
  values: z.array(z.object({ dimension: z.string(), value: z.string() })),
})

describe('forget', () => {
  test('a whole token, by its name: from a time on nothing that it does is compared with what it did', async () => {
    const { code, out } = await run('forget', 'tok_handed_on of acme', '--json')
    expect(code).toBe(0)
    const { before_time, is_whole } = forgotten.parse(JSON.parse(out))
    expect(is_whole).toBe(true)
    const fromMs = Date.parse(before_time)
    const [first, other] = await service.arrive(
      settled() + 2 * HOUR_MS,
      call('tok_handed_on', fromMs),
      call('tok_handed_on', fromMs + HOUR_MS, THIEF),
    )
    expect((first?.fresh ?? 0) & MASK.agent).toBe(MASK.agent)
    expect(other).toMatchObject({ alerts: [] })
    const explained = z.object({ token: z.object({ profile: z.object({ active_hours: z.number() }) }) })
    const shown = await run('explain', 'tok_handed_on', '--json')
    expect(explained.parse(JSON.parse(shown.out)).token.profile.active_hours).toBeLessThanOrEqual(2)
  })

  test('one habit, and no other', async () => {
    const { code, out } = await run('forget', 'tok_one_habit', '--value', 'agent=billing', '--json')
    expect(code).toBe(0)
    const { before_time, values } = forgotten.parse(JSON.parse(out))
    expect(values).toEqual([{ dimension: 'agent', value: 'billing|2.1' }])
    const [next] = await service.arrive(settled() + 2 * HOUR_MS, call('tok_one_habit', Date.parse(before_time)))
    expect((next?.fresh ?? 0) & (MASK.agent | MASK.network)).toBe(MASK.agent)
  })
})

test('a service that starts anew knows what the one that ran knows', async () => {
  const fresh = await createService()
  const atMs = settled() + 4 * HOUR_MS
  for (const token of TOKENS) {
    const tokenId = token as TokenId
    expect(await fresh.state(tokenId, atMs)).toEqual(await service.state(tokenId, atMs))
  }
})

describe('what cannot be meant is refused with what to do', () => {
  const incident = () => idOf('tok_malicious')
  test.each<[string, () => string[], RegExp]>([
    [
      'two verdicts',
      () => ['ack', incident(), '--benign', '--malicious'],
      /--benign and --malicious.*\nremedy: say one/,
    ],
    ['a value without a verdict', () => ['ack', incident(), '--value', 'agent'], /--value.*\nremedy: add --benign/],
    ['no id', () => ['ack', 'yesterday', '--benign'], /incident yesterday: .*\nremedy: .*tokenwatch alerts/],
    [
      'an incident that is not there',
      () => ['ack', `${incident().slice(0, 31)}${incident().endsWith('0') ? '1' : '0'}`],
      /no incident.*\nremedy: did you mean [0-9a-f]{32}/,
    ],
    [
      'a value that it did not bring',
      () => ['ack', incident(), '--benign', '--value', 'network=GB', '--value', 'network=FR|AS1'],
      /--value network=FR\|AS1: .*\nremedy: these are there:\n {2}network=GB/,
    ],
    ['a dimension', () => ['ack', incident(), '--benign', '--value', 'netwrk=GB'], /did you mean network\?/],
    ['a token that is not there', () => ['forget', 'tok_none'], /tok_none\nremedy: .*tokenwatch tokens list/],
    ['a credential', () => ['forget', 'ghp_0123456789abcdefghijABCDEFGHIJ012345'], /looks like a credential/],
    [
      'a habit that the token has not',
      () => ['forget', 'tok_malicious', '--value', 'agent=billing', '--value', 'network=FR'],
      /--value network=FR: .*\nremedy: these are there:\n {2}network=/,
    ],
  ])('%s', async (_, args, says) => {
    const before = await db.query('SELECT count() AS n FROM tombstones', {}, z.object({ n: z.number() }))
    const { code, out, err } = await run(...args())
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toMatch(says)
    expect(err).not.toContain('ghp_')
    expect(await db.query('SELECT count() AS n FROM tombstones', {}, z.object({ n: z.number() }))).toEqual(before)
  })

  test('and a ClickHouse that does not answer is a missing prerequisite', async () => {
    const { code, err } = await run('ack', incident(), '--benign', '--set', 'clickhouse.url=http://127.0.0.1:1')
    expect(code).toBe(3)
    expect(err).toContain('remedy: check clickhouse.url')
  })
})
