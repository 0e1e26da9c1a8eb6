/** Which alerts wait for their daily review, and that they keep out of the way of the others. */
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { IncidentId } from '../../src/event.ts'
import { reviewOf } from '../../src/notify/review.ts'
import { dueAlerts, recordDelivery } from '../../src/store/outbox.ts'
import { type ReviewQuery, waitingNotes } from '../../src/store/review-notes.ts'
import { alertColumns, findingColumns } from '../../src/store/rows.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { NOON_MS, sampleAlert, sampleDelivery, sampleFinding } from './sample.ts'

const db = await testDatabase('review')
const NOTES = 250

const query: ReviewQuery = {
  topics: ['access'],
  target: 'slack',
  beforeMs: NOON_MS + 1,
  nowMs: NOON_MS,
  limit: 1000,
}

const idsOf = async (change: Partial<ReviewQuery> = {}) =>
  (await waitingNotes(db, { ...query, ...change })).map(({ alertId }) => alertId)

/** An alert about governance, with an incident of its own. */
const note = (id: string, topic = 'access', partition = 0) => ({
  alert: sampleAlert(id, {
    concern: 'governance',
    severity: 'low',
    incidentId: `incident-of-${id}` as IncidentId,
    subject: `tok_${id}`,
    title: `title of ${id}`,
    detectors: [{ name: 'ownerless-token', bits: 4 }],
  }),
  position: { topic, partition, offset: 1 },
})

beforeAll(async () => {
  const many = Array.from({ length: NOTES }, (_, index) => note(`note-${String(index).padStart(3, '0')}`))
  const urgent = { alert: sampleAlert('urgent'), position: { topic: 'access', partition: 0, offset: 9 } }
  const placed = [...many, note('other-partition', 'access', 5), note('other-topic', 'file:x'), urgent]
  for (const token of ['once', 'again']) await db.insert('alerts', alertColumns(placed, NOON_MS), placed.length, token)
  const late = [note('of-today')]
  await db.insert('alerts', alertColumns(late, NOON_MS + 1), 1, 'late')
  const incidentId = 'incident-of-note-000' as IncidentId
  const finding = { incidentId, subject: 'tok_note-000', concern: 'governance', cause: 'fact' } as const
  const findings = [
    sampleFinding(1, { ...finding, detector: 'expiring-soon', seen: 'Expires in 13 days' }),
    sampleFinding(2, { ...finding, detector: 'expiring-soon', seen: 'Expires in 3 days' }),
    sampleFinding(3, { ...finding, detector: 'ownerless-token', seen: 'In use without an owner' }),
    sampleFinding(4, { ...finding, concern: 'misuse', detector: 'new-country', seen: 'called from BR' }),
  ]
  await db.insert('findings', findingColumns(findings, NOON_MS), findings.length, 'findings')
})

test('notes that wait do not fill the page of alerts that are due', async () => {
  const due = await dueAlerts(db, {
    partitions: [{ topic: 'access', partition: 0 }],
    targets: ['slack', 'hook'],
    nowMs: NOON_MS,
    limit: 2,
  })
  expect(due.map(({ alert, due: targets }) => [alert.alertId, targets.length])).toEqual([['urgent', 2]])
})

test('all notes of the topics that were written before the day wait, once each', async () => {
  const ids = await idsOf()
  expect(ids).toHaveLength(NOTES + 1)
  expect(new Set(ids).size).toBe(NOTES + 1)
  expect(ids).toContain('other-partition')
  expect(await idsOf({ topics: ['file:x'] })).toEqual(['other-topic'])
  expect(await idsOf({ topics: [] })).toEqual([])
  expect(await idsOf({ beforeMs: NOON_MS })).toEqual([])
  expect(await idsOf({ beforeMs: NOON_MS + 2 })).toContain('of-today')
  expect(await idsOf({ limit: 3 })).toEqual(['note-000', 'note-001', 'note-002'])
})

test('a note says what each detector found of the incident, or else what the alert says', async () => {
  const [first, second] = await waitingNotes(db, query)
  expect(first?.found.toSorted((a, b) => (a.detector < b.detector ? -1 : 1))).toEqual([
    { detector: 'expiring-soon', seen: 'Expires in 3 days' },
    { detector: 'ownerless-token', seen: 'In use without an owner' },
  ])
  expect(second).toEqual({
    alertId: 'note-001',
    kind: 'opened',
    severity: 'low',
    timeMs: NOON_MS,
    writtenAtMs: NOON_MS,
    subject: 'tok_note-001',
    tokenName: 'build server',
    tenant: 'acme',
    found: [{ detector: 'ownerless-token', seen: 'title of note-001' }],
    attempts: 0,
    retryAtMs: 0,
  })
})

test('the query of a review lists what was found', async () => {
  const { query: sql } = reviewOf(await waitingNotes(db, query), db.name)
  expect(await rowsOf(sql)).toEqual(['expiring-soon', 'expiring-soon', 'ownerless-token'])
})

async function rowsOf(sql: string): Promise<string[]> {
  const rows = await db.query(
    `SELECT toString(detector) AS detector FROM (${sql})`,
    {},
    z.object({ detector: z.string() }),
  )
  return rows.map(({ detector }) => detector).sort()
}

test('what was tried waits for its time, then comes first; what was told waits no more', async () => {
  const retry = { outcome: 'retry', retryAtMs: NOON_MS + 1000 } as const
  const tried = ['note-200', 'note-201'].map((id) => sampleDelivery(id, 1, retry))
  await recordDelivery(db, [...tried, sampleDelivery('note-000', 1, { outcome: 'digested' })])
  expect(await idsOf({ limit: 2 })).toEqual(['note-001', 'note-002'])
  expect(await idsOf()).toHaveLength(NOTES - 2)
  const later = await waitingNotes(db, { ...query, nowMs: NOON_MS + 1000, limit: 3 })
  expect(later.map(({ alertId, attempts, retryAtMs }) => [alertId, attempts, retryAtMs])).toEqual([
    ['note-200', 1, NOON_MS + 1000],
    ['note-201', 1, NOON_MS + 1000],
    ['note-001', 0, 0],
  ])
  expect(await idsOf({ target: 'hook', limit: 1 })).toEqual(['note-000'])
})
