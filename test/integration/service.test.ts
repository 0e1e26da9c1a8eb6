/** The whole service on real Kafka and real ClickHouse: what goes in is stored once, counted, learned, found and told. */
import { describe, expect, inject, test } from 'vitest'
import { z } from 'zod'
import type { TokenId } from '../../src/event.ts'
import { simulate } from '../../src/simulate/simulation.ts'
import { loadTokenStates } from '../../src/store/profiles.ts'
import type { Database } from '../../src/store/database.ts'
import { told } from '../profile/histories.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { createTopic, produce, uniqueName } from '../support/kafka.ts'
import { newSigningSecret, startSlackReceiver, startWebhookReceiver } from '../support/receivers.ts'
import { trailTraffic } from './cloudtrail-traffic.ts'
import { foldInMemory, recordsOf } from './in-memory.ts'
import { rollupDifferences } from './rollups.ts'
import { type ServiceOptions, serviceSettings, startService, untilAcknowledged } from './service.ts'
import { until } from './until.ts'

const db = await testDatabase('service')
const { brokers } = inject('kafka')

/** Old data that still has to be told, in blocks of a few hundred rows. */
const DETECTING = {
  ingest: { block: { rowsMax: 400 } },
  alerting: { thresholdBits: 10, notifyFrom: '2020-01-01T00:00:00Z' },
}

async function counted(sql: string, params: Record<string, unknown> = {}): Promise<number> {
  const [row] = await db.query(`SELECT toUInt64(${sql}) AS n`, params, z.object({ n: z.number() }))
  return row?.n ?? 0
}

const rowsIn = (topic: string) => counted('(SELECT count() FROM events WHERE topic = {topic: String})', { topic })

describe('CloudTrail records and simulated traffic through the service', async () => {
  const signingSecret = newSigningSecret()
  const trail = trailTraffic(11, 240)
  const calls = [...simulate({ seed: 5, tokens: 6, days: 10, startMs: Date.UTC(2024, 8, 2), attacks: true })].map(
    ({ event }) => event,
  )
  const trailValues = trail.records.map((record) => JSON.stringify(record))
  const callValues = calls.map((event) => JSON.stringify(event))
  const trailTopic = uniqueName('trail')
  const callTopic = uniqueName('calls')
  const options = (topic: string, format: string, targets: Record<string, unknown>): ServiceOptions => ({
    database: db.name,
    topics: [topic],
    groupId: `${topic}-group`,
    settings: { ...DETECTING, ingest: { ...DETECTING.ingest, format }, notify: { maxAgeMs: 0, targets } },
  })

  test('everything is stored once and told once, although both services are stopped in the middle', async () => {
    await using webhook = await startWebhookReceiver({ signingSecret })
    await using slack = await startSlackReceiver()
    const reachable = { allowHttp: true, allowPrivateAddresses: true }
    const targets = {
      hook: { type: 'webhook', url: webhook.url, signingSecret, ...reachable },
      chat: { type: 'slack', url: slack.url, ...reachable },
    }
    const both = [options(trailTopic, 'cloudtrail', targets), options(callTopic, 'canonical', targets)]
    await createTopic(brokers, trailTopic)
    await createTopic(brokers, callTopic)
    await produce(
      brokers,
      trailTopic,
      trailValues.map((value) => ({ value })),
    )
    await produce(
      brokers,
      callTopic,
      callValues.map((value) => ({ value })),
    )

    const first = await Promise.all(both.map(startService))
    await until(
      'the first rows of both topics',
      async () => (await rowsIn(trailTopic)) > 0 && (await rowsIn(callTopic)) > 0,
    )
    const ended = await Promise.all(first.map((service) => service.stop()))
    expect(ended.map(({ code }) => code)).toEqual([0, 0])
    expect(await rowsIn(callTopic), 'the service was stopped in the middle').toBeLessThan(calls.length)

    const second = await Promise.all(both.map(startService))
    await untilAcknowledged(`${trailTopic}-group`, trailTopic, second[0]?.child)
    await untilAcknowledged(`${callTopic}-group`, callTopic, second[1]?.child)
    const alerts = await counted('(SELECT count() FROM alerts FINAL)')
    await until('every alert to be delivered', async () => {
      const done = await counted(`(SELECT count() FROM deliveries FINAL WHERE outcome = 'delivered')`)
      return done >= 2 * alerts
    })
    expect((await Promise.all(second.map((service) => service.stop()))).map(({ code }) => code)).toEqual([0, 0])

    const ids = await db.query('SELECT alert_id FROM alerts', {}, z.object({ alert_id: z.string() }))
    expect(ids.length).toBeGreaterThan(4)
    expect(webhook.violations).toEqual([])
    expect(slack.violations).toEqual([])
    const received = webhook.accepted.map(({ headers }) => String(headers['webhook-id']))
    expect(received.sort()).toEqual(ids.map(({ alert_id }) => alert_id).sort())
    expect(slack.accepted).toHaveLength(ids.length)
  })

  test('the rows are what was produced: numbers, sums, ids, and each token its own', async () => {
    expect(await rowsIn(trailTopic)).toBe(trail.records.length)
    const stored = await db.query(
      `SELECT event_id, token_id, bytes_out, status FROM events WHERE topic = {topic: String} ORDER BY offset`,
      { topic: callTopic },
      z.object({ event_id: z.string(), token_id: z.string(), bytes_out: z.number(), status: z.number() }),
    )
    expect(stored).toEqual(
      calls.map(({ id, token_id, bytes_out, status }) => ({ event_id: id, token_id, bytes_out, status })),
    )
    const trailIds = await db.query(
      'SELECT event_id FROM events WHERE topic = {topic: String} ORDER BY offset',
      { topic: trailTopic },
      z.object({ event_id: z.string() }),
    )
    expect(trailIds.map(({ event_id }) => event_id)).toEqual(trail.ids)
    expect(await counted('(SELECT count() FROM dead_letters)')).toBe(0)
  })

  test('the rollups are what the rows give by their masks', async () => {
    const differences = await rollupDifferences(db)
    expect(differences.filter(({ wrong, missing }) => wrong + missing > 0)).toEqual([])
    // Without peers nothing counts as a change.
    const filled = differences.filter(({ rollup }) => rollup !== 'peer_changes')
    for (const { rollup, groups } of filled) expect(groups, rollup).toBeGreaterThan(1)
    expect(await counted('(SELECT count() FROM events WHERE held != 0)'), 'something is in quarantine').toBeGreaterThan(
      0,
    )
  })

  test.for([
    ['cloudtrail', trailTopic, trailValues],
    ['canonical', callTopic, callValues],
  ] as const)('findings, alerts and profiles of %s are those of a fold in memory', async ([format, topic, values]) => {
    const memory = await foldInMemory(serviceSettings(options(topic, format, {})), recordsOf(topic, values))
    expect(await idsOf(db, 'finding_id', 'findings', topic)).toEqual(
      memory.findings.map((each) => each.findingId).sort(),
    )
    expect(await idsOf(db, 'alert_id', 'alerts', topic)).toEqual(memory.alerts.map((each) => each.alertId).sort())
    expect(memory.alerts.length).toBeGreaterThan(0)
    const tokenIds = [...memory.states.keys()]
    const horizon = { topic, partition: 0, firstOffset: Number.MAX_SAFE_INTEGER, ingestedAtMs: 8_000_000_000_000 }
    const loaded = await loadTokenStates(db, memory.createState, tokenIds, horizon)
    expect(told(loaded)).toEqual(told(memory.states))
  })
})

async function idsOf(db: Database, column: string, table: string, topic: string): Promise<TokenId[]> {
  const rows = await db.query(
    `SELECT ${column} AS id FROM ${table} WHERE topic = {topic: String}`,
    { topic },
    z.object({ id: z.string() }),
  )
  return rows.map(({ id }) => id as TokenId).sort()
}
