/** Each analyst view answers its question, and counts what was written twice once. */
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { EventTimeMs, FindingId, IncidentId } from '../../src/event.ts'
import { alertColumns, deliveryColumns, eventColumns, findingColumns } from '../../src/store/rows.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { NOON_MS, sampleAlert, sampleDelivery, sampleEvent, sampleFinding } from './sample.ts'

const db = await testDatabase('views')
const HOUR_MS = 3_600_000
const row = z.looseObject({})

function view(sql: string): Promise<Record<string, unknown>[]> {
  return db.query(sql, {}, row)
}

/** Under two tokens and two times of writing, as a replay would. */
async function twice(write: (token: string, ingestedAtMs: number) => Promise<void>): Promise<void> {
  await write('first', NOON_MS + HOUR_MS)
  await write('second', NOON_MS + 2 * HOUR_MS)
}

async function act(incident: string, action: string, atMs: number): Promise<void> {
  await db.command(
    `INSERT INTO incident_actions (action_id, incident_id, subject, action, actor, note, acted_at)
     SELECT {id: String}, {incident: String}, 'tok_a', {action: String}, 'kim', '', fromUnixTimestamp64Milli({at: Int64})`,
    { id: `${incident}/${action}/${atMs}`, incident, action, at: atMs },
  )
}

beforeAll(async () => {
  const findings = [
    sampleFinding(1, { bits: 4.5, sumBits: 1.5 }),
    sampleFinding(2, { bits: 8, sumBits: 11.5, detector: 'new-user-agent', cause: 'client', ip: '198.51.100.1' }),
    sampleFinding(3, { incidentId: 'incident-2' as IncidentId, findingId: 'other' as FindingId, subject: 'tok_b' }),
  ]
  const events = [0, 1, 2, 3].map((offset) =>
    sampleEvent(offset, {
      timeMs: (NOON_MS + offset * HOUR_MS) as EventTimeMs,
      bytesIn: 100,
      bytesOut: 0,
      status: offset === 3 ? 403 : 200,
    }),
  )
  const held = sampleEvent(4, {
    timeMs: (NOON_MS + 4 * HOUR_MS) as EventTimeMs,
    learned: 64,
    held: 1 | 2 | 4 | 8 | 32,
    country: 'BR',
    network: 'AS28573',
  })
  await db.insert('events', eventColumns([...events, held], NOON_MS, ''), 5, 'events')
  const alerts = [
    { alert: sampleAlert('alert-1'), position: { topic: 'access', partition: 0, offset: 2 } },
    {
      alert: sampleAlert('alert-2', { kind: 'escalated', severity: 'critical' }),
      position: { topic: 'access', partition: 0, offset: 2 },
    },
  ]
  const deliveries = [
    sampleDelivery('alert-1', 1, { outcome: 'retry', status: 500, failure: 'server-error', retryAtMs: NOON_MS + 1 }),
    sampleDelivery('alert-1', 2, { attemptedAtMs: NOON_MS + 5000 }),
    sampleDelivery('alert-1', 1, { target: 'hook', outcome: 'gone', status: 410, failure: 'gone' }),
  ]
  await twice(async (token, ingestedAtMs) => {
    await db.insert('findings', findingColumns(findings, ingestedAtMs), findings.length, token)
    await db.insert('alerts', alertColumns(alerts, ingestedAtMs), alerts.length, token)
    await db.insert('deliveries', deliveryColumns(deliveries), deliveries.length, token)
  })
})

test('incidents: what happened to whom, how bad, and where it stands', async () => {
  const found = await view(`SELECT * FROM incidents WHERE incident_id = 'incident-1'`)
  expect(found).toEqual([
    {
      incident_id: 'incident-1',
      concern: 'misuse',
      subject_kind: 'token',
      subject: 'tok_a',
      token_name: 'build server',
      tenant: 'acme',
      began_at: '2026-01-15T12:00:01.000Z',
      last_at: '2026-01-15T12:00:02.000Z',
      surprise_bits: 11.5,
      findings: 2,
      detectors: ['new-country', 'new-user-agent'],
      ips: ['198.51.100.1', '198.51.100.9'],
      event_ids: ['event-1', 'event-2'],
      status: 'open',
      resolves: 0,
      severity: 'critical',
      alerts: 2,
      alerts_sent: 1,
    },
  ])
})

test('an incident that never alerted has no severity', async () => {
  expect(await view(`SELECT severity, alerts FROM incidents WHERE incident_id = 'incident-2'`)).toEqual([
    { severity: '', alerts: 0 },
  ])
})

describe('an incident has the status of its latest action', () => {
  test.each([
    ['acknowledge', NOON_MS + 3 * HOUR_MS, 'acknowledged', 0],
    ['benign', NOON_MS + 4 * HOUR_MS, 'benign', 0],
    ['malicious', NOON_MS + 5 * HOUR_MS, 'malicious', 0],
    ['resolve', NOON_MS + 6 * HOUR_MS, 'resolved', 1],
  ])('%s', async (action, atMs, status, resolves) => {
    await act('incident-2', action, atMs)
    await act('incident-2', action, atMs)
    expect(await view(`SELECT status, resolves FROM incidents WHERE subject = 'tok_b'`)).toEqual([{ status, resolves }])
  })

  test('a finding written after a resolve opens it again', async () => {
    const later = [sampleFinding(9, { incidentId: 'incident-2' as IncidentId, subject: 'tok_b' })]
    await db.insert('findings', findingColumns(later, NOON_MS + 7 * HOUR_MS), 1, 'later')
    expect(await view(`SELECT status, resolves, findings FROM incidents WHERE subject = 'tok_b'`)).toEqual([
      { status: 'open', resolves: 1, findings: 2 },
    ])
  })
})

test('token_baseline: what a token normally does, without what is in quarantine', async () => {
  const [found] = await view(`SELECT * FROM token_baseline WHERE token_id = 'tok_a'`)
  const { calls_by_hour_of_week: rate, ...rest } = found!
  expect(rest).toEqual({
    token_id: 'tok_a',
    first_seen: '2026-01-15T12:00:00.000Z',
    last_seen: '2026-01-15T16:00:00.000Z',
    countries: ['DE'],
    networks: ['AS3320'],
    endpoints: ['GET /v1/users/{id}'],
    agents: ['curl'],
    held_values: 4,
    calls: 4,
    weeks: 1,
  })
  const thursdayNoon = 3 * 24 + 12
  expect(rate).toHaveLength(168)
  expect((rate as number[]).flatMap((mean, hour) => (mean > 0 ? [[hour - thursdayNoon, mean]] : []))).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
    [3, 1],
  ])
})

test('token_timeline: what it did by hour, and when it stood out', async () => {
  const found = await view(
    `SELECT hour, calls, held_calls, refused, server_errors, bytes, findings, surprise_bits, detectors
     FROM token_timeline WHERE token_id = 'tok_a' ORDER BY hour`,
  )
  const quiet = {
    held_calls: 0,
    refused: 0,
    server_errors: 0,
    bytes: 100,
    findings: 0,
    surprise_bits: 0,
    detectors: [],
  }
  expect(found).toEqual([
    {
      hour: '2026-01-15T12:00:00Z',
      calls: 1,
      ...quiet,
      findings: 2,
      surprise_bits: 12.5,
      detectors: ['new-country', 'new-user-agent'],
    },
    { hour: '2026-01-15T13:00:00Z', calls: 1, ...quiet },
    { hour: '2026-01-15T14:00:00Z', calls: 1, ...quiet },
    { hour: '2026-01-15T15:00:00Z', calls: 1, ...quiet, refused: 1 },
    { hour: '2026-01-15T16:00:00Z', calls: 1, ...quiet, held_calls: 1, bytes: 30 },
  ])
})

test('findings_explained: each finding once, with what makes it surprising', async () => {
  const found = await view(
    `SELECT finding_id, cause, concern, one_in, sum_bits, seen, normal, numbers
     FROM findings_explained WHERE incident_id = 'incident-1' ORDER BY time`,
  )
  const same = { concern: 'misuse', seen: 'called from BR', normal: 'DE in 700 hours', numbers: { n: 700, k: 1 } }
  expect(found).toEqual([
    { finding_id: 'finding-1', cause: 'source', one_in: 23, sum_bits: 1.5, ...same },
    { finding_id: 'finding-2', cause: 'client', one_in: 256, sum_bits: 11.5, ...same },
  ])
})

test('alert_history: which alerts were raised, and did they reach somebody', async () => {
  const found = await view(
    `SELECT alert_id, severity, outcomes, attempts, delivered_at FROM alert_history ORDER BY alert_id`,
  )
  expect(found).toEqual([
    {
      alert_id: 'alert-1',
      severity: 'high',
      outcomes: { hook: 'gone', slack: 'delivered' },
      attempts: 3,
      delivered_at: '2026-01-15T12:00:05.000Z',
    },
    { alert_id: 'alert-2', severity: 'critical', outcomes: {}, attempts: 0, delivered_at: '1970-01-01T00:00:00.000Z' },
  ])
})
