/** Which alerts wait for whom, as the outbox asks. */
import { beforeAll, describe, expect, test } from 'vitest'
import { dueAlerts, listAlerts, recordDelivery, undeliverable } from '../../src/store/outbox.ts'
import type { DueQuery } from '../../src/store/outbox.ts'
import { alertColumns } from '../../src/store/rows.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { NOON_MS, sampleAlert, sampleDelivery } from './sample.ts'

const db = await testDatabase('outbox')
const HOSTILE = `'; DROP TABLE alerts --\u0000\u202e<!channel>`

const owned: DueQuery = {
  partitions: [
    { topic: 'access', partition: 0 },
    { topic: 'access', partition: 1 },
  ],
  targets: ['slack', 'hook'],
  nowMs: NOON_MS,
  limit: 100,
}

/** What is due, as `alert target attempts`. */
async function due(change: Partial<DueQuery> = {}): Promise<string[]> {
  const alerts = await dueAlerts(db, { ...owned, ...change })
  return alerts
    .flatMap(({ alert, due }) => due.map(({ target, attempts }) => `${alert.alertId} ${target} ${attempts}`))
    .sort()
}

beforeAll(async () => {
  const place = (id: string, partition: number, offset: number, title = 'title') => ({
    alert: sampleAlert(id, { title }),
    position: { topic: 'access', partition, offset },
  })
  const placed = [place('a', 0, 10, HOSTILE), place('b', 1, 11), place('c', 2, 12)]
  for (const token of ['once', 'again']) await db.insert('alerts', alertColumns(placed, NOON_MS), 3, token)
})

test('a new alert is due for every target, but only of the partitions asked for', async () => {
  expect(await due()).toEqual(['a hook 0', 'a slack 0', 'b hook 0', 'b slack 0'])
  expect(await due({ targets: ['slack'] })).toEqual(['a slack 0', 'b slack 0'])
  expect(await due({ partitions: [{ topic: 'other', partition: 0 }] })).toEqual([])
  expect(await due({ partitions: [] })).toEqual([])
  expect(await due({ targets: [] })).toEqual([])
  expect(await due({ limit: 1 })).toHaveLength(1)
})

test('the alert comes back as it was, hostile values and position included', async () => {
  const [first] = await dueAlerts(db, owned)
  expect(first).toEqual({
    alert: sampleAlert('a', { title: HOSTILE }),
    position: { topic: 'access', partition: 0, offset: 10 },
    ingestedAtMs: NOON_MS,
    due: [
      { target: 'hook', attempts: 0, firstAttemptAtMs: 0, retryAtMs: 0 },
      { target: 'slack', attempts: 0, firstAttemptAtMs: 0, retryAtMs: 0 },
    ],
  })
})

test('a failed attempt is due again when its time has come, with what was tried before', async () => {
  const retry = { outcome: 'retry', status: 503, failure: 'server-error' } as const
  await recordDelivery(db, [sampleDelivery('a', 1, { ...retry, attemptedAtMs: NOON_MS, retryAtMs: NOON_MS + 1000 })])
  await recordDelivery(db, [
    sampleDelivery('a', 2, { ...retry, attemptedAtMs: NOON_MS + 1500, retryAtMs: NOON_MS + 4000 }),
  ])
  expect(await due({ targets: ['slack'], nowMs: NOON_MS + 3999 })).toEqual(['b slack 0'])
  expect(await due({ targets: ['slack'], nowMs: NOON_MS + 4000 })).toEqual(['a slack 2', 'b slack 0'])
  const [first] = await dueAlerts(db, { ...owned, targets: ['slack'], nowMs: NOON_MS + 4000 })
  expect(first?.due).toEqual([{ target: 'slack', attempts: 2, firstAttemptAtMs: NOON_MS, retryAtMs: NOON_MS + 4000 }])
})

describe('an alert is due no more after', () => {
  test.each(['delivered', 'failed', 'gone', 'suppressed', 'digested'] as const)('%s', async (outcome) => {
    const target = `target-${outcome}`
    expect(await due({ targets: [target] })).toEqual([`a ${target} 0`, `b ${target} 0`])
    await recordDelivery(db, [sampleDelivery('a', 1, { target, outcome })])
    expect(await due({ targets: [target], nowMs: NOON_MS * 2 })).toEqual([`b ${target} 0`])
  })
})

test('an attempt recorded twice counts once', async () => {
  const delivery = sampleDelivery('b', 1, { target: 'twice', outcome: 'retry', retryAtMs: NOON_MS })
  await recordDelivery(db, [delivery])
  await recordDelivery(db, [delivery])
  await recordDelivery(db, [])
  expect(await due({ targets: ['twice'] })).toEqual(['a twice 0', 'b twice 1'])
})

test('alerts are listed with what became of them, and what was given up is counted', async () => {
  await recordDelivery(db, [
    sampleDelivery('c', 1, { target: 'hook', outcome: 'gone', status: 410, failure: 'gone', detail: 'no more' }),
  ])
  const [listed] = await listAlerts(db, { limit: 10, undeliverable: true }).then((alerts) =>
    alerts.filter(({ alert }) => alert.alertId === 'c'),
  )
  expect(listed).toEqual({
    alert: sampleAlert('c', { title: 'title' }),
    ingestedAtMs: NOON_MS,
    targets: [
      {
        target: 'hook',
        outcome: 'gone',
        attempts: 1,
        status: 410,
        failure: 'gone',
        detail: 'no more',
        attemptedAtMs: NOON_MS,
      },
    ],
  })
  expect((await listAlerts(db, { limit: 10 })).map(({ alert }) => alert.alertId)).toEqual(['a', 'b', 'c'])
  expect((await listAlerts(db, { limit: 10, undeliverable: true })).map(({ alert }) => alert.alertId)).toEqual([
    'a',
    'c',
  ])
  expect(Object.fromEntries(await undeliverable(db))).toEqual({ hook: 1, 'target-failed': 1, 'target-gone': 1 })
})
