/** `tokenwatch backtest` over a stored fortnight: what it tells, and that it leaves no trace. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { DAY_MS } from '../../src/settings.ts'
import { simulate } from '../../src/simulate/simulation.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { runOn } from '../support/command.ts'
import { startSlackReceiver } from '../support/receivers.ts'

vi.setConfig({ testTimeout: 120_000 })

const db = await testDatabase('backtest')
const empty = await testDatabase('backtest_empty')
const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-backtest-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const START_MS = Date.UTC(2024, 8, 2)
const DAYS = 14
const input = join(folder, 'events.ndjson')
const config = join(folder, 'tokenwatch.yaml')
const slack = await startSlackReceiver()
afterAll(() => slack[Symbol.asyncDispose]())
const calls = [...simulate({ seed: 3, tokens: 5, days: DAYS, startMs: START_MS, attacks: true })]
  .filter(({ label }, at) => label !== undefined || at % 10 === 0)
  .map(({ event }) => event)

const run = (...args: string[]) => runOn(db.name, ['--config', config, ...args])

const line = z.looseObject({ kind: z.string(), time: z.string(), configuration: z.string().optional() })
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((each) => each !== '')
    .map((each) => line.parse(JSON.parse(each)))

let replayed: z.infer<typeof line>[] = []
let before: unknown

/** Rows of every table, once each, whatever was merged. */
async function rowCounts() {
  const tables = await db.query(
    `SELECT name, engine FROM system.tables WHERE database = {database: String} AND engine LIKE '%MergeTree' ORDER BY name`,
    { database: db.name },
    z.object({ name: z.string(), engine: z.string() }),
  )
  const counts: Record<string, number> = {}
  for (const { name, engine } of tables) {
    const [row] = await db.query(
      `SELECT count() AS rows FROM ${name} ${engine === 'MergeTree' ? '' : 'FINAL'}`,
      {},
      z.object({ rows: z.number() }),
    )
    counts[name] = row?.rows ?? -1
  }
  return counts
}

beforeAll(async () => {
  writeFileSync(input, calls.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const target = { type: 'slack', url: slack.url, allowHttp: true, allowPrivateAddresses: true }
  writeFileSync(config, JSON.stringify({ notify: { targets: { oncall: target } } }))
  expect((await run('replay', '--input', input, '--store')).code).toBe(0)
  const plain = await run('replay', '--input', input, '--alerts', '-')
  expect(plain.code).toBe(0)
  replayed = linesOf(plain.out)
  expect(replayed.length).toBeGreaterThan(2)
  before = await rowCounts()
})

const side = z.object({
  alerts: z.number(),
  days: z.array(z.object({ day: z.string(), events: z.number(), alerts: z.number(), escalations: z.number() })),
  alerts_by_detector: z.record(z.string(), z.number()),
  noisiest: z.array(z.object({ subject: z.string(), alerts: z.number() })),
})
const incident = z.object({ subject: z.string(), told_at: z.string(), severity: z.string(), surprise_bits: z.number() })
const report = z.object({
  from: z.string(),
  to: z.string(),
  learned_before: z.object({ from: z.string().nullable(), events: z.number() }),
  changes: z.array(z.object({ key: z.string() })),
  running: side,
  candidate: side.nullable(),
  difference: z
    .object({ added: z.array(incident), removed: z.array(incident), changed: z.array(z.unknown()) })
    .nullable(),
})

describe('the running configuration', () => {
  test('over all events tells what a replay of the file told, to the letter', async () => {
    const { code, out } = await run('backtest', '--from', '2024-09-02', '--alerts', '-')
    expect(code).toBe(0)
    expect(linesOf(out)).toEqual(replayed)
  })

  test('over a part tells that part of it: profiles are as they stood when it began', async () => {
    const from = replayed[Math.floor(replayed.length / 2)]?.time ?? ''
    const { out, err } = await run('backtest', '--from', from, '--alerts', '-')
    expect(linesOf(out)).toEqual(replayed.filter(({ time }) => time >= from))
    expect(err).toContain('Profiles had learned from')
    expect(err).toContain('since 2024-09-02T00:')
  })

  test('over the last seven days, when no other time is asked for', async () => {
    const { code, out } = await run('backtest', '--json')
    expect(code).toBe(0)
    const shown = report.parse(JSON.parse(out))
    const fromMs = START_MS + (DAYS - 7) * DAY_MS
    expect(shown.from).toBe(new Date(fromMs).toISOString())
    expect(shown).toMatchObject({ candidate: null, difference: null, changes: [] })
    const within = calls.filter(({ timestamp }) => Date.parse(timestamp) >= fromMs)
    expect(shown.running.days).toHaveLength(7)
    expect(shown.running.days.reduce((sum, { events }) => sum + events, 0)).toBe(within.length)
    expect(shown.learned_before.events).toBe(calls.length - within.length)
    const opened = replayed.filter(({ kind, time }) => kind === 'opened' && Date.parse(time) >= fromMs)
    expect(shown.running.alerts).toBe(opened.length)
    expect(Object.values(shown.running.alerts_by_detector).reduce((sum, count) => sum + count, 0)).toBe(opened.length)
  })

  test('with less to learn from says how much', async () => {
    const { out } = await run('backtest', '--json', '--learn', '2d')
    const { learned_before } = report.parse(JSON.parse(out))
    expect(Date.parse(learned_before.from ?? '')).toBe(START_MS + (DAYS - 9) * DAY_MS)
    const fed = calls.filter(({ timestamp }) => {
      const timeMs = Date.parse(timestamp)
      return timeMs >= START_MS + (DAYS - 9) * DAY_MS && timeMs < START_MS + (DAYS - 7) * DAY_MS
    })
    expect(learned_before.events).toBe(fed.length)
  })
})

describe('a candidate', () => {
  test('with a higher threshold removes what lies between, and adds nothing', async () => {
    const everything = ['--from', '2024-09-02']
    const set = ['--candidate-set', 'alerting.budgetPerDay=off', '--candidate-set', 'alerting.thresholdBits=1000']
    const out = join(folder, 'both.ndjson')
    const shown = report.parse(
      JSON.parse((await run('backtest', ...everything, ...set, '--json', '--alerts', out)).out),
    )
    expect(shown.changes.map(({ key }) => key)).toEqual(['alerting.budgetPerDay', 'alerting.thresholdBits'])
    expect(shown.difference?.added).toEqual([])
    expect(shown.difference?.removed.length).toBe(shown.running.alerts - (shown.candidate?.alerts ?? 0))
    expect(shown.difference?.removed.length).toBeGreaterThan(0)
    const both = linesOf(readFileSync(out, 'utf8'))
    const opened = (of: string) => both.filter(({ kind, configuration }) => kind === 'opened' && configuration === of)
    expect(opened('running')).toHaveLength(shown.running.alerts)
    expect(opened('candidate')).toHaveLength(shown.candidate?.alerts ?? -1)
  })

  test('with a detector switched off, in a file, is compared with what runs; what cannot show is named', async () => {
    const next = join(folder, 'next.yaml')
    writeFileSync(
      next,
      JSON.stringify({
        detect: { detectors: { 'new-user-agent': { enabled: false } } },
        enrich: { asnDatabase: 'networks.csv' },
      }),
    )
    const { code, out, err } = await run('backtest', '--candidate', next)
    expect(code).toBe(0)
    expect(out).toContain('detect.detectors.new-user-agent.enabled: true -> false')
    expect(out).toMatch(/leading detector .*alerts, running .*findings, candidate/)
    expect(out).toMatch(/new-user-agent +│ \d+ +│ 0 +│ \d+ +│ 0 +│/)
    expect(out).toMatch(/The candidate would remove: /)
    expect(err).toMatch(/note: of the candidate, .*enrich\.asnDatabase.* show nothing here/)
  })
})

test('nothing was written by all that, and no target was called', async () => {
  expect(await rowCounts()).toEqual(before)
  expect(slack.requests).toEqual([])
})

describe('what cannot be meant is refused with what to do', () => {
  test.each<[string, string[], number, RegExp]>([
    ['from after to', ['--from', '2024-09-10', '--to', '2024-09-03'], 2, /--from 2024-09-10T00:00:00Z: .*before --to/],
    ['no events', ['--from', '2023-01-01', '--to', '2023-02-01'], 2, /no events .*\nremedy: .*between 2024-09-02T/],
    ['no time', ['--from', 'yesterday'], 2, /--from .*expected a time/],
    ['an unknown setting', ['--candidate-set', 'alerting.budgetPerDays=1'], 2, /did you mean .*budgetPerDay/],
    ['a database without a schema', ['--set', 'clickhouse.database=tw_test_none'], 4, /tokenwatch migrate/],
    ['no ClickHouse', ['--set', 'clickhouse.url=http://127.0.0.1:1'], 3, /remedy: check clickhouse\.url/],
  ])('%s', async (_, args, exitCode, says) => {
    const { code, out, err } = await run('backtest', ...args)
    expect(code).toBe(exitCode)
    expect(out).toBe('')
    expect(err).toMatch(says)
  })

  test('an empty database', async () => {
    const { code, err } = await run('backtest', '--set', `clickhouse.database=${empty.name}`)
    expect(code).toBe(2)
    expect(err).toMatch(/no events are stored\nremedy: /)
  })
})

test('the registry counts as it did when the events came, not as it is now', async () => {
  const token = calls[0]?.token_id ?? ''
  const revoke = (minutesAgo: number) =>
    db.command(
      `INSERT INTO tokens (token_id, written_at, source, owner, expires_at, revoked_at)
       SELECT {token: String}, now64(3) - toIntervalMinute({ago: UInt32}), 'default', 'kim', toDateTime64(0, 3),
         toDateTime64('2024-09-12 00:00:00', 3, 'UTC')`,
      { token, ago: minutesAgo },
    )
  const revokedAlerts = async () => {
    const { out } = await run('backtest', '--json')
    return report.parse(JSON.parse(out)).running.alerts_by_detector['revoked-token-used'] ?? 0
  }
  await revoke(0)
  expect(await revokedAlerts()).toBe(0)
  await revoke(120)
  expect(await revokedAlerts()).toBeGreaterThan(0)
})
