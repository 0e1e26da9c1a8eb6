/** `tokenwatch explain` over a stored fortnight: what a person gets to read, and what a machine can recompute. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DAY_MS, HOUR_MS } from '../../src/settings.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { runOn } from '../support/command.ts'

const db = await testDatabase('explain')
const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-explain-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const START_MS = Date.UTC(2026, 0, 1)
const DAYS = 16
const THEFT_MS = START_MS + DAYS * DAY_MS + 3 * HOUR_MS
/** Nothing of it may reach a terminal. */
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069]/

const run = (...args: string[]) => runOn(db.name, args)

interface Call {
  readonly token: string
  readonly name?: string
  readonly atMs: number
  readonly ip?: string
  readonly path?: string
  readonly agent?: string
}

function line({ token, name = '', atMs, ip = '192.0.2.10', path = '/v1/invoices/17', agent = 'billing/2.1' }: Call) {
  return JSON.stringify({
    timestamp: new Date(atMs).toISOString(),
    token_id: token,
    token_name: name,
    tenant: 'acme',
    service: 'billing',
    method: 'GET',
    path,
    ip,
    user_agent: agent,
    status: 200,
  })
}

/** Sixteen days of one machine at work every hour; two further tokens of one name; then somebody else has the first one. */
function story(): string[] {
  const calls: Call[] = []
  for (let hour = 0; hour < DAYS * 24; hour++) {
    const atMs = START_MS + hour * HOUR_MS
    calls.push({ token: 'tok_export', name: 'billing export', atMs })
    if (hour % 24 === 9) {
      calls.push({ token: 'tok_one', name: 'reporter\u202e', atMs }, { token: 'tok_two', name: 'reporter\u202e', atMs })
    }
  }
  const thief = { token: 'tok_export', name: 'billing export', ip: '81.2.69.160', agent: 'curl/8.0' }
  calls.push({ ...thief, atMs: THEFT_MS }, { ...thief, atMs: THEFT_MS + 60_000, path: '/v1/exports' })
  return calls.map(line)
}

const alert = z.object({ alert_id: z.string(), incident_id: z.string(), token_id: z.string(), severity: z.string() })
let alerts: z.infer<typeof alert>[] = []
let incidentId = ''

beforeAll(async () => {
  const input = join(folder, 'events.ndjson')
  writeFileSync(input, `${story().join('\n')}\n`)
  const { code, out } = await run('replay', '--store', '--input', input, '--alerts', '-')
  expect(code).toBe(0)
  alerts = out
    .trim()
    .split('\n')
    .map((text) => alert.parse(JSON.parse(text)))
  incidentId = alerts[0]?.incident_id ?? ''
})

const explained = z.object({
  incident: z.object({
    incident_id: z.string(),
    subject: z.string(),
    surprise_bits: z.number(),
    threshold_bits: z.number(),
    severity: z.string(),
    findings: z.array(z.object({ detector: z.string(), bits: z.number(), arithmetic: z.string() })),
    windows: z.array(z.object({ bits: z.number(), stored_bits: z.number() })),
    evidence_query: z.string(),
  }),
  token: z.object({
    profile: z.object({ active_hours: z.number(), quarantine: z.array(z.object({ value: z.string() })) }),
  }),
})

describe('an incident', () => {
  test('as a person reads it: findings, their arithmetic, the sum, the severity, the query, the profile', async () => {
    const { code, out } = await run('explain', incidentId)
    expect(code).toBe(0)
    expect(out).toContain(`Incident ${incidentId} of token billing export, tok_export`)
    expect(out).toMatch(/Severity: (high|critical)\. The threshold of the day on which it began is \d/)
    expect(out).toContain('First call from United Kingdom (GB)')
    expect(out).toMatch(/bits {4}-log2\(\(1 \+ 0\.05 \* 1\) \/ \(384 \+ 1\)\) = 8\.51\d+ bits/)
    expect(out).toMatch(/coincidence .* sum /s)
    expect(out).toContain("WHERE token_id = 'tok_export'")
    expect(out).toContain('Active in 384 hours on 16 days since 2026-01-01')
  })

  test('as JSON: what it adds up to is what was stored, and the query finds the calls', async () => {
    const { out } = await run('explain', incidentId, '--json')
    const { incident, token } = explained.parse(JSON.parse(out))
    expect(incident).toMatchObject({ subject: 'tok_export', severity: alerts.at(-1)?.severity })
    expect(incident.findings.map(({ arithmetic }) => arithmetic)).not.toContain('')
    expect(incident.windows.length).toBeGreaterThan(0)
    for (const { bits, stored_bits } of incident.windows) expect(bits).toBe(stored_bits)
    expect(Math.max(...incident.windows.map(({ bits }) => bits))).toBe(incident.surprise_bits)
    const rows = await db.query(incident.evidence_query, {}, z.object({ ip: z.string() }))
    expect(rows.map(({ ip }) => ip)).toEqual(['81.2.69.160', '81.2.69.160'])
    expect(token.profile.active_hours).toBe(384)
    expect(token.profile.quarantine.some(({ value }) => value.includes('81.2.69.160'))).toBe(true)
  })

  test('by the id of one of its alerts', async () => {
    const { out } = await run('explain', alerts[0]?.alert_id ?? '', '--json')
    expect(explained.parse(JSON.parse(out)).incident.incident_id).toBe(incidentId)
  })
})

describe('a token', () => {
  test('by its name, in any case: values, week, quarantine, incidents', async () => {
    const { code, out } = await run('explain', 'Billing Export')
    expect(code).toBe(0)
    expect(out).toMatch(/192\.0\.2\.10 .* 2026-01-01T00:00:00Z .* 2026-01-16T23:00:00Z .* 16 /)
    expect(out).toMatch(/Mon {2}▓{48}\n(?:.*\n){2} {2}Thu {2}█{48}\n/)
    expect(out).toMatch(/in quarantine .* known from/s)
    expect(out).toMatch(new RegExp(`${incidentId} .* open`))
    expect(out).toContain('The registry does not know it.')
  })

  test('with what the registry says of it', async () => {
    const file = join(folder, 'tokens.json')
    writeFileSync(file, JSON.stringify([{ token_id: 'tok_one', name: 'nightly', owner: 'kim', scopes: ['a:read'] }]))
    expect((await run('tokens', 'import', file)).code).toBe(0)
    const { out } = await run('explain', 'NIGHTLY')
    expect(out).toMatch(/owner +│ kim/)
    expect(out).toMatch(/expires +│ never/)
  })

  test('whose name others have, too, is not guessed', async () => {
    const { code, out, err } = await run('explain', 'reporter\u202e')
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain('2 tokens are called reporter')
    expect(err).toContain('tok_one')
    expect(err).toContain('tok_two')
    expect(err).not.toMatch(UNPRINTABLE)
  })
})

test.each([
  ['what nobody knows', ['explain', 'no-such-thing'], 'is known'],
  [
    'a credential, without repeating it',
    ['explain', 'ghp_0123456789abcdefghijABCDEFGHIJ012345'],
    'looks like a credential',
  ],
  ['nothing at all', ['explain'], '--threshold'],
  ['two things at once', ['explain', 'tok_one', '--threshold'], '--threshold'],
])('%s is refused', async (_, args, says) => {
  const { code, err } = await run(...args)
  expect(code).toBe(2)
  expect(err).toContain(says)
  expect(err).not.toContain('ghp_')
})

describe('the threshold', () => {
  test('in force, and how it came about', async () => {
    const { code, out } = await run('explain', '--threshold')
    expect(code).toBe(0)
    expect(out).toMatch(
      /Incidents that begin on 2026-01-17 \(UTC\) alert from [\d.]+ bits on; alerting\.budgetPerDay is 3/,
    )
    expect(out).toContain('one higher')
  })

  test('as JSON, that of the table', async () => {
    const { out } = await run('explain', '--threshold', '--json')
    const parsed = z
      .object({ in_force: z.object({ day: z.string(), bits: z.number() }), days: z.array(z.unknown()) })
      .parse(JSON.parse(out))
    const rows = await db.query(
      `SELECT toString(day) AS day, bits FROM thresholds FINAL ORDER BY thresholds.day DESC LIMIT 1`,
      {},
      z.object({ day: z.string(), bits: z.number() }),
    )
    expect(parsed.in_force).toMatchObject(rows[0] ?? {})
    expect(parsed.days).toHaveLength(17)
  })

  test('that is fixed says so', async () => {
    const set = ['--set', 'alerting.budgetPerDay=off', '--set', 'alerting.thresholdBits=17']
    const { out } = await run('explain', '--threshold', ...set)
    expect(out).toContain('Incidents alert from 17 bits on: alerting.budgetPerDay is off')
  })
})
