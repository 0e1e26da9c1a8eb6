/**
 * The tour: what tokenwatch does, from a line in a log to an alert, told in passing tests. Read it from top to bottom.
 *
 * Everything here is the real code; only its ends are missing, Kafka before it and ClickHouse and Slack behind it.
 * docs/architecture.md says how those are joined on, docs/schema.md what the rows are.
 */
import { describe, expect, test, vi } from 'vitest'
import type { Alert } from '../src/alert/alert.ts'
import type { Block } from '../src/block.ts'
import { configSchema } from '../src/config/schema.ts'
import { createDetection } from '../src/detection.ts'
import { hashId } from '../src/event.ts'
import { createTokenState } from '../src/fold.ts'
import type { RawRecord } from '../src/ingest/source.ts'
import { renderTerminal } from '../src/notify/terminal.ts'
import { createPipeline } from '../src/pipeline.ts'
import { activeHours } from '../src/profile/activity.ts'
import { MASK } from '../src/profile/dimension.ts'
import { chainsOf } from '../src/profile/values.ts'
import { replay } from '../src/replay.ts'
import { createMemoryStates } from '../src/token-states.ts'

// Whole months are played, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

// Everything has a default; an empty configuration would do. These settings make ids, networks, bits and severities here
// what they are.
const config = configSchema.parse({
  enrich: {
    fingerprintKey: 'the secret key under which this tour makes ids of tokens',
    asnDatabase: new URL('cases/networks.csv', import.meta.url).pathname,
  },
  detect: {
    detectors: { 'first-write': { kindBits: 2 }, 'impossible-travel': { bits: 6 }, 'sensitive-route': { bits: 5 } },
  },
  alerting: { thresholdBits: 14, evidence: { driftBits: 3, coincidenceBits: 2 } },
})
const counters = { fieldDropped: () => {}, sourceTextSeen: () => {}, tokenIdFingerprinted: () => {} }
const detection = await createDetection(config, { counters })

/** A message as Kafka hands it over: bytes at a place in a log. */
function message(text: string, offset = 0): RawRecord {
  return { topic: 'api-access', partition: 0, offset, value: Buffer.from(text) }
}

/** One call that a gateway logged. Most of what a gateway knows may be left out. */
const invoices = {
  timestamp: '2026-03-01T08:00:00Z',
  token: 'Bearer sk_live_51HxqT8mZpLrWvYtN',
  token_name: 'billing export',
  tenant: 'acme',
  service: 'billing-api',
  ip: '3.121.75.10',
  method: 'GET',
  path: '/v1/customers/8412/invoices?page=2',
  status: 200,
  user_agent: 'billing-export/4.2.1 python/3.12',
}

describe('1. An event comes in', () => {
  const { events } = detection.decode(message(JSON.stringify(invoices)), Date.parse('2026-03-01T08:00:01Z'), true)
  const [event] = events

  test('one JSON object is one event, at its place in the log', () => {
    expect(events).toHaveLength(1)
    expect(event?.position).toEqual({ topic: 'api-access', partition: 0, offset: 0, index: 0 })
    expect(event?.timeMs).toBe(Date.parse('2026-03-01T08:00:00Z'))
  })

  test('the credential is replaced by a fingerprint at once, and is nowhere after that', () => {
    expect(event?.tokenId).toMatch(/^tok_[a-z2-7]{26}$/)
    expect(JSON.stringify(event)).not.toContain('sk_live')
  })

  test('the query of a path is cut: it may hold secrets, and says nothing of habits', () => {
    expect(event?.path).toBe('/v1/customers/8412/invoices')
  })
})

describe('2. Bad input is kept as a dead letter, with its reason, and stops nothing', () => {
  test.each([
    ['text that is no JSON', 'this is not JSON', 'not-json'],
    ['JSON that is no object', '["nor is this an object"]', 'not-an-object'],
    ['an event without a token', '{"timestamp": "2026-03-01T08:00:00Z", "path": "/v1/invoices"}', 'missing-field'],
    [
      'a time that is none',
      '{"timestamp": "the day after", "token_id": "a", "path": "/v1/invoices"}',
      'impossible-time',
    ],
    ['nothing at all', '', 'empty'],
  ])('%s', (_, text, reason) => {
    const { events, deadLetters } = detection.decode(message(text), Date.parse('2026-03-01T08:00:01Z'), true)
    expect(events).toEqual([])
    expect(deadLetters.map((letter) => letter.reason)).toEqual([reason])
  })

  test('but an optional field that makes no sense is dropped, and the event lives', () => {
    const odd = JSON.stringify({ ...invoices, status: 'fine', ip: 'AWS Internal' })
    const { events } = detection.decode(message(odd), Date.parse('2026-03-01T08:00:01Z'), true)
    expect(events[0]).toMatchObject({ status: 0, ip: '', sourceText: 'AWS Internal' })
  })
})

describe('3. Enrichment adds where a call came from, what it called and what called it', () => {
  const { events } = detection.decode(message(JSON.stringify(invoices)), Date.parse('2026-03-01T08:00:01Z'), true)
  const [event] = events.map(detection.enrich)

  test('a country, a place, and a chain of networks: country, AS, prefix, address', () => {
    expect(event).toMatchObject({
      country: 'DE',
      city: 'Frankfurt am Main',
      network: 'AS16509',
      networkName: 'Amazon.com, Inc.',
      prefix: '3.121.75.0/24',
      address: '3.121.75.10',
    })
  })

  test('an endpoint: the gateway’s own route, or a template that is made from the path', () => {
    expect(event?.route).toBe('/v1/customers/{id}/invoices')
  })

  test('a client, in two levels, so that an update is a smaller step than another program', () => {
    expect(event).toMatchObject({ agent: 'billing-export', agentVersion: '4.2' })
  })
})

// From here on whole logs go through the pipeline: decode, enrich, then the fold, which inspects each event against its
// token's profile, decides what it may teach, and learns it.

/** A month in which this token does the same every hour: 720 calls from one machine in Frankfurt. */
const month = Array.from({ length: 30 * 24 }, (_, hour) => ({
  ...invoices,
  timestamp: new Date(Date.UTC(2026, 2, 1, hour)).toISOString(),
}))

/** The night after: someone in Bucharest has the token, tries it with curl, and makes a key of their own. */
const theft = [
  {
    ip: '185.195.19.44',
    user_agent: 'curl/8.5.0',
    path: '/v1/customers/1/invoices',
    timestamp: '2026-03-31T00:20:00Z',
  },
  {
    ip: '185.195.19.44',
    user_agent: 'curl/8.5.0',
    path: '/v1/customers/2/invoices',
    timestamp: '2026-03-31T00:20:04Z',
  },
  {
    ip: '185.195.19.44',
    user_agent: 'curl/8.5.0',
    path: '/v1/api-keys',
    method: 'POST',
    timestamp: '2026-03-31T00:31:00Z',
  },
].map((change) => ({ ...invoices, ...change }))

/** The owner's program, which knows of nothing. */
const owner = [{ ...invoices, timestamp: '2026-03-31T01:00:00Z' }]

async function play(calls: readonly object[]) {
  const states = createMemoryStates((tokenId) => createTokenState(tokenId, detection.foldSettings.profile))
  const limits = config.ingest.block
  const steps = {
    ...detection,
    states,
    decode: (record: RawRecord, atMs: number) => detection.decode(record, atMs, false),
  }
  const blocks: Block[] = []
  const alerts: Alert[] = []
  async function* log() {
    yield calls.map((call, offset) => message(JSON.stringify(call), offset))
  }
  await replay('api-access', log(), {
    pipeline: createPipeline(steps, limits),
    states,
    limits,
    clock: { now: () => Date.UTC(2026, 3, 1) },
    onAlert: (alert) => alerts.push(alert),
    store: { write: async (block) => void blocks.push(block) },
    signal: new AbortController().signal,
  })
  const rows = blocks.flatMap((block) => block.events)
  const findings = blocks.flatMap((block) => block.findings)
  const [row] = rows
  return { rows, findings, alerts, profile: states.of(row!.tokenId).profile }
}

describe('4. A habit is learned', () => {
  test('a month of the same is no surprise, from the first call on: little history means little surprise', async () => {
    const { rows, findings } = await play(month)
    expect(findings).toEqual([])
    expect(rows.every((row) => row.surpriseBits === 0)).toBe(true)
  })

  test('the profile knows the values of each dimension, and in how many hours the token worked', async () => {
    const { profile } = await play(month)
    expect(chainsOf(profile.learned.network)).toEqual(['DE|AS16509|3.121.75.0/24|3.121.75.10'])
    expect(chainsOf(profile.learned.route)).toEqual(['billing-api|/v1/customers/{id}/invoices|GET'])
    expect(chainsOf(profile.learned.agent)).toEqual(['billing-export|4.2'])
    expect(activeHours(profile.activity)).toBe(720)
  })

  test('each stored row says what it taught, so that a profile can be made again from the rows alone', async () => {
    const { rows } = await play(month)
    const everything = MASK.network | MASK.route | MASK.agent | MASK.place | MASK.counts | MASK.errors
    expect(rows[0]).toMatchObject({
      learned: everything,
      held: 0,
      fresh: MASK.network | MASK.route | MASK.agent | MASK.place,
    })
    expect(rows[1]).toMatchObject({ learned: everything, held: 0, fresh: 0 })
  })
})

describe('5. The token is stolen', () => {
  test('each detector answers for itself; the second call of the thief adds nothing new', async () => {
    const { findings } = await play([...month, ...theft])
    expect(findings.map((finding) => [finding.position.offset - month.length, finding.detector])).toEqual([
      [0, 'new-country'],
      [0, 'new-user-agent'],
      [0, 'impossible-travel'],
      [2, 'new-endpoint'],
      [2, 'first-write'],
      [2, 'sensitive-route'],
    ])
  })

  test('a finding says what was seen, and what is normal and from how much evidence', async () => {
    const { findings } = await play([...month, ...theft])
    expect(findings[0]?.seen).toBe('First call from Romania (RO): 185.195.19.44, AS9009 M247 Europe SRL, Bucharest, RO')
    expect(findings[0]?.normal).toBe('In 720 active hours, 1 country (DE); a new one in 1 of them')
  })
})

describe('6. Why each bit: surprise is -log2 of how likely this was, given this token’s own history', () => {
  test('a second country after 720 hours in one: P = (1 + 0.05 x 1) / (720 + 1), some 9 bits', async () => {
    const { findings } = await play([...month, ...theft])
    const [country] = findings
    expect(country?.numbers).toMatchObject({ n: 720, k: 1, delta: 0.05, level: 0 })
    expect(country?.bits).toBeCloseTo(-Math.log2((1 + 0.05 * 1) / (720 + 1)), 2)
  })

  test('the first write of a token that only ever read: P = 1 / (720 + 1), and 2 bits for another kind of work', async () => {
    const { findings } = await play([...month, ...theft])
    const write = findings.find((finding) => finding.detector === 'first-write')
    expect(write?.bits).toBeCloseTo(Math.log2(720 + 1) + 2, 2)
  })

  test('an impossible journey is a fact, no statistic: what it is worth is a setting', async () => {
    const { findings } = await play([...month, ...theft])
    const travel = findings.find((finding) => finding.detector === 'impossible-travel')
    expect(travel?.bits).toBe(6)
    expect(travel?.numbers['distanceKm']).toBeGreaterThan(1400)
  })

  test('the new network, prefix and address in the new country cost nothing more: one move is counted once', async () => {
    const { findings } = await play([...month, ...theft])
    expect(
      findings.filter((finding) => finding.detector === 'new-network' || finding.detector === 'new-address'),
    ).toEqual([])
  })

  test('the same move by a token that is two hours old is hardly a surprise', async () => {
    const { rows } = await play([...month.slice(-2), ...theft.slice(0, 1)])
    expect(rows.at(-1)?.surpriseBits).toBeLessThan(10)
  })
})

describe('7. The incident, and its alert', () => {
  test('findings that follow each other closely are one incident', async () => {
    const { findings } = await play([...month, ...theft])
    expect(new Set(findings.map((finding) => finding.incidentId)).size).toBe(1)
  })

  test('what is found within an hour is weighed together: of each cause the loudest, and 2 bits for each further one', async () => {
    const { findings, alerts } = await play([...month, ...theft])
    const bits = Object.fromEntries(findings.map((finding) => [finding.detector, finding.bits]))
    expect(findings.map(({ detector, cause }) => `${detector}: ${cause}`)).toEqual([
      'new-country: source',
      'new-user-agent: client',
      'impossible-travel: source',
      'new-endpoint: action',
      'first-write: action',
      'sensitive-route: sensitive',
    ])
    // Some new value comes in every week, a new country does not: 3 bits of each other cause are drift.
    const atFirst = bits['new-country']! + bits['new-user-agent']! - 3 + 2
    expect(alerts[0]?.surpriseBits).toBe(atFirst)
    expect(alerts[1]?.surpriseBits).toBe(atFirst + bits['first-write']! - 3 + 2 + bits['sensitive-route']! - 3)
  })

  test('it alerts when it crosses the threshold, again as its severity rises, and not for every event', async () => {
    const { alerts } = await play([...month, ...theft])
    expect(alerts.map((alert) => [alert.kind, alert.severity, new Date(alert.timeMs).toISOString()])).toEqual([
      ['opened', 'low', '2026-03-31T00:20:00.000Z'],
      ['escalated', 'critical', '2026-03-31T00:31:00.000Z'],
    ])
  })

  test('every id is a hash of what it stands for: the same log gives the same ids, wherever and however often it is read', async () => {
    const { findings, alerts } = await play([...month, ...theft])
    const [first] = findings
    expect(first?.incidentId).toBe(hashId(first!.subject, first!.eventId))
    expect(alerts[0]?.alertId).toBe(hashId(first!.incidentId, 'opened', 'low', 0))
    expect((await play([...month, ...theft])).alerts).toEqual(alerts)
  })
})

describe('8. What was not learned', () => {
  test('while an incident stands high its events are held in quarantine: a thief must not become the habit', async () => {
    const { rows, profile } = await play([...month, ...theft])
    expect(rows.at(-1)).toMatchObject({
      learned: MASK.errors,
      reasons: ['new-endpoint', 'first-write', 'sensitive-route'],
    })
    expect(rows.at(-1)!.held & MASK.network).toBe(MASK.network)
    expect(chainsOf(profile.learned.network)).toEqual(['DE|AS16509|3.121.75.0/24|3.121.75.10'])
    expect(chainsOf(profile.held.network)).toEqual(['RO|AS9009|185.195.19.0/24|185.195.19.44'])
  })

  test('the owner’s next call is as unsurprising as ever', async () => {
    const { rows, findings } = await play([...month, ...theft, ...owner])
    expect(rows.at(-1)).toMatchObject({ surpriseBits: 0, reasons: [] })
    expect(findings.at(-1)?.position.offset).toBe(month.length + 2)
  })
})

describe('9. What the engineer on call gets to see', () => {
  test('who, what, what is normal, why so many bits, from where, since when, and the query that shows the calls', async () => {
    const { alerts } = await play([...month, ...theft])
    expect(renderTerminal(alerts[1]!)).toMatchInlineSnapshot(`
      "▌ CRITICAL  billing export: First call that writes: POST /v1/api-keys
      ▌           incident escalated · 30.3 bits of surprise · 2026-03-31 00:31:00 UTC
      ▌
      ▌ token     billing export
      ▌           tok_2qfniivok4mgokf5fumabxpiuk
      ▌ tenant    acme
      ▌ began     2026-03-31 00:20:00 UTC, 11 min before this alert
      ▌ from      185.195.19.44  Romania (RO)  AS9009 M247 Europe SRL
      ▌
      ▌ first-write           ━━━━━━━━━───────────────  11.5 bits
      ▌   seen    First call that writes: POST /v1/api-keys
      ▌   normal  In 720 active hours only reads; endpoints known: 1
      ▌
      ▌ new-country           ━━━━━━━─────────────────  9.4 bits
      ▌   seen    First call from Romania (RO): 185.195.19.44, AS9009 M247 Europe SRL, Bucharest, RO
      ▌   normal  In 720 active hours, 1 country (DE); a new one in 1 of them
      ▌
      ▌ new-endpoint          ━━━━━━━─────────────────  9.4 bits
      ▌   seen    First call of endpoint /v1/api-keys: POST /v1/api-keys on billing-api
      ▌   normal  In 720 active hours, 1 endpoint of billing-api (/v1/customers/{id}/invoices); a new one
      ▌           in 1 of them
      ▌
      ▌ new-user-agent        ━━━━━━━─────────────────  9.4 bits
      ▌   seen    First call by curl 8.5
      ▌   normal  In 720 active hours, 1 client (billing-export); a new one in 1 of them
      ▌
      ▌ impossible-travel     ━━━━━───────────────────  6.0 bits
      ▌   seen    1454 km in 80 minutes from Frankfurt am Main, HE, DE to 185.195.19.44, AS9009 M247
      ▌           Europe SRL, Bucharest, RO
      ▌   normal  Known in 1 place, last in Frankfurt am Main, HE, DE at 2026-03-30T23:00:00.000Z
      ▌
      ▌ sensitive-route       ━━━━────────────────────  5.0 bits
      ▌   seen    First use of a sensitive endpoint: POST /v1/api-keys
      ▌   normal  In 720 active hours none of this kind; endpoints known: 1
      ▌
      ▌ events    2c73e5763502fc781ee6a44ab667660d
      ▌           61ff88f311cca9e4631a8435aef21c41
      ▌ incident  204cf396667fb7a478db3cca7732ec5a
      ▌ alert     225720b34ddc00f212dfa7ad2f998194

      -- the evidence, in ClickHouse
      SELECT time, event_id, ip, country, network, network_name, method, path, route, status,
             user_agent, surprise_bits, reasons
      FROM "tokenwatch".events
      WHERE token_id = 'tok_2qfniivok4mgokf5fumabxpiuk'
        AND time >= toDateTime64('2026-03-30 23:20:00.000', 3, 'UTC')
        AND time <= toDateTime64('2026-03-31 01:31:00.000', 3, 'UTC')
        AND (event_id IN ('2c73e5763502fc781ee6a44ab667660d', '61ff88f311cca9e4631a8435aef21c41')
          OR hasAny(reasons, ['first-write', 'new-country', 'new-endpoint', 'new-user-agent', 'impossible-travel',
              'sensitive-route']))
      ORDER BY time, event_id
      LIMIT 200
      "
    `)
  })
})
