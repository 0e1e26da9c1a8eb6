/** What becomes of alerts on their way out: bad receivers, old events, late alerts, and tokenwatch's own silence. */
import { describe, expect, inject, test, vi } from 'vitest'
import { z } from 'zod'
import { spawnTokenwatch } from '../support/child.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { createTopic, produce, uniqueName } from '../support/kafka.ts'
import {
  OK,
  type Receiver,
  newSigningSecret,
  startSlackReceiver,
  startWebhookReceiver,
  status,
} from '../support/receivers.ts'
import {
  type ServiceOptions,
  type Settings,
  merge,
  serviceEnv,
  serviceSettings,
  startService,
  untilAcknowledged,
  writeSettings,
} from './service.ts'
import { count, traffic } from './stored.ts'
import { until } from './until.ts'

vi.setConfig({ testTimeout: 120_000 })

const { brokers } = inject('kafka')
const signingSecret = newSigningSecret()
const REACHABLE = { allowHttp: true, allowPrivateAddresses: true }
const webhookTarget = (receiver: Receiver) => ({ type: 'webhook', url: receiver.url, signingSecret, ...REACHABLE })
const slackTarget = (receiver: Receiver) => ({ type: 'slack', url: receiver.url, ...REACHABLE })

const DETECTING: Settings = {
  detect: { findingBitsMin: 1 },
  alerting: { thresholdBits: 2, incidentGapMs: 3_600_000 },
  notify: { timeoutMs: 500, retry: { initialMs: 50, maxMs: 200, attemptsMax: 12 } },
}
const OLD_IS_TOLD: Settings = { alerting: { notifyFrom: '2020-01-01T00:00:00Z' }, notify: { maxAgeMs: 0 } }

async function optionsFor(database: string, settings: Settings): Promise<ServiceOptions> {
  const topic = await createTopic(brokers, uniqueName('delivery'))
  return { database, topics: [topic], groupId: `${topic}-group`, settings: merge(DETECTING, settings) }
}

const idsOf = (receiver: Receiver) => [
  ...new Set(receiver.requests.map(({ headers }) => String(headers['webhook-id']))),
]

describe('receivers that misbehave', async () => {
  const db = await testDatabase('receivers')

  test('every alert arrives in the end under one id, and what cannot arrive is listed', async () => {
    await using hook = await startWebhookReceiver({ signingSecret })
    await using chat = await startSlackReceiver()
    await using refusing = await startWebhookReceiver({ signingSecret })
    hook.behave(
      status(500),
      { kind: 'close' },
      status(429, { 'retry-after': '1' }),
      { kind: 'redirect', location: `http://127.0.0.1:${chat.port}/elsewhere` },
      { kind: 'hang' },
      status(503),
      { kind: 'echo', status: 500 },
    )
    chat.behave({ kind: 'hang' }, status(502), { kind: 'close' }, status(429, { 'retry-after': '1' }), OK)
    refusing.always(status(400))
    const options = await optionsFor(
      db.name,
      merge(OLD_IS_TOLD, {
        notify: { targets: { hook: webhookTarget(hook), chat: slackTarget(chat), refusing: webhookTarget(refusing) } },
      }),
    )
    const [topic] = options.topics as readonly [string]
    await produce(brokers, topic, traffic(41))
    const service = await startService(options)
    await untilAcknowledged(options.groupId, topic, service.child)
    const alerts = await db.query('SELECT alert_id FROM alerts', {}, z.object({ alert_id: z.string() }))
    const ids = alerts.map(({ alert_id }) => alert_id).sort()
    expect(ids.length).toBeGreaterThan(4)
    await until(
      'every pair of alert and target to be settled',
      async () => (await count(db, "deliveries FINAL WHERE outcome IN ('delivered', 'failed')")) >= 3 * ids.length,
      { explain: async () => JSON.stringify(await count(db, 'deliveries FINAL')) },
    )
    expect((await service.stop()).code).toBe(0)

    expect(hook.violations.concat(chat.violations)).toEqual([])
    const arrived = hook.accepted.map(({ headers }) => String(headers['webhook-id']))
    expect(arrived.sort(), 'each once').toEqual(ids)
    expect(idsOf(hook).sort(), 'no attempt under another id').toEqual(ids)
    expect(chat.accepted).toHaveLength(ids.length)
    expect(
      chat.requests.filter(({ path }) => path === '/elsewhere'),
      'no redirect was followed',
    ).toEqual([])
    expect(await count(db, "deliveries FINAL WHERE target = 'refusing' AND outcome = 'failed'")).toBe(ids.length)

    const written = writeSettings(serviceSettings(options))
    const run = (...args: string[]) =>
      spawnTokenwatch(['alerts', '--config', written.file, ...args], { env: serviceEnv() }).exit
    const [lost, all] = await Promise.all([run('--undeliverable', '--json', '--limit', '1000'), run('--limit', '1000')])
    written.dispose()
    expect([lost.code, all.code], lost.stderr + all.stderr).toEqual([0, 0])
    const listed = z
      .object({
        undeliverable: z.record(z.string(), z.number()),
        alerts: z.array(z.object({ alert_id: z.string() })),
      })
      .parse(JSON.parse(lost.stdout))
    expect(listed.undeliverable).toEqual({ refusing: ids.length })
    expect(listed.alerts.map(({ alert_id }) => alert_id).sort()).toEqual(ids)
    for (const id of ids) expect(all.stdout).toContain(id)
  })
})

describe('what is old or late', async () => {
  const db = await testDatabase('old')

  test('the first run tells nobody of what lies before its start, and everybody of what comes after', async () => {
    await using hook = await startWebhookReceiver({ signingSecret })
    const options = await optionsFor(db.name, { notify: { targets: { hook: webhookTarget(hook) } } })
    const [topic] = options.topics as readonly [string]
    const messages = traffic(42)
    const lastMs = Math.max(...messages.map(({ value }) => Date.parse((JSON.parse(value) as Call).timestamp)))
    const aMinuteAgoMs = Date.now() - 60_000
    const moved = messages.map(({ value }) => {
      const event = JSON.parse(value) as Call
      return { ...event, timestamp: new Date(Date.parse(event.timestamp) - lastMs + aMinuteAgoMs).toISOString() }
    })
    await produce(
      brokers,
      topic,
      moved.map((event) => ({ value: JSON.stringify(event) })),
    )
    const service = await startService(options)
    await untilAcknowledged(options.groupId, topic, service.child)
    const old = await count(db, 'alerts FINAL')
    expect(old).toBeGreaterThan(4)
    await until('the old alerts to be settled', async () => (await count(db, 'deliveries FINAL')) === old)
    expect(await count(db, "deliveries FINAL WHERE outcome = 'suppressed'")).toBe(old)
    expect(hook.requests).toEqual([])

    const [known] = moved as [Call, ...Call[]]
    const thief = {
      ip: '128.199.10.7',
      user_agent: 'curl/8.5.0',
      method: 'DELETE',
      route: '/admin/keys',
      path: '/admin/keys',
    }
    const stolen = { ...known, ...thief, id: 'stolen-1', timestamp: new Date().toISOString() }
    await produce(brokers, topic, [{ value: JSON.stringify(stolen) }])
    await hook.waitForRequests(1)
    expect(hook.accepted[0]?.body).toContain('stolen-1')
    expect((await service.stop()).code).toBe(0)
    expect(hook.violations).toEqual([])
  })

  test('what is older than maxAgeMs comes in one digest that says how late it is', async () => {
    await using hook = await startWebhookReceiver({ signingSecret })
    await using chat = await startSlackReceiver()
    const targets = { hook: webhookTarget(hook), chat: slackTarget(chat) }
    const options = await optionsFor(db.name, {
      alerting: { notifyFrom: '2020-01-01T00:00:00Z' },
      notify: { targets },
      // All in one block, so that all alerts are there when the first of them is looked at.
      ingest: { block: { lingerMs: 100 } },
    })
    const [topic] = options.topics as readonly [string]
    await produce(brokers, topic, traffic(43))
    const service = await startService(options)
    await untilAcknowledged(options.groupId, topic, service.child)
    const alerts = await count(db, 'alerts FINAL WHERE topic = {topic: String}', { topic })
    const digested = `deliveries FINAL WHERE outcome = 'digested' AND alert_id IN
      (SELECT alert_id FROM alerts WHERE topic = {topic: String})`
    await until('all alerts to be digested', async () => (await count(db, digested, { topic })) === 2 * alerts)
    expect((await service.stop()).code).toBe(0)
    expect(hook.violations.concat(chat.violations)).toEqual([])
    const digests = hook.accepted.map(({ body }) => digestSchema.parse(JSON.parse(body)))
    expect(digests.flatMap(({ data }) => data.alerts)).toHaveLength(alerts)
    for (const { data } of digests) expect(data.late_ms).toBeGreaterThan(365 * 86_400_000)
    expect(chat.accepted.length).toBeLessThanOrEqual(alerts)
  })
})

interface Call {
  readonly timestamp: string
  readonly [key: string]: unknown
}

const digestSchema = z.object({
  type: z.literal('tokenwatch.alert.digest'),
  data: z.object({ late_ms: z.number(), alerts: z.array(z.unknown()) }),
})

describe('silence', async () => {
  const db = await testDatabase('silence')

  test('no event for silenceMs sends one pipeline alert through the same targets', async () => {
    await using hook = await startWebhookReceiver({ signingSecret })
    await using chat = await startSlackReceiver()
    const targets = { hook: webhookTarget(hook), chat: slackTarget(chat) }
    const options = await optionsFor(db.name, { ingest: { silenceMs: 1_000 }, notify: { targets } })
    const service = await startService(options)
    await Promise.all([hook.waitForRequests(1), chat.waitForRequests(1)])
    expect((await service.stop()).code).toBe(0)
    expect(hook.violations.concat(chat.violations)).toEqual([])
    const rows = await db.query(
      'SELECT alert_id, kind, subject_kind, subject FROM alerts',
      {},
      z.object({ alert_id: z.string(), kind: z.string(), subject_kind: z.string(), subject: z.string() }),
    )
    expect(rows).toEqual([
      { alert_id: idsOf(hook)[0], kind: 'pipeline', subject_kind: 'pipeline', subject: 'pipeline' },
    ])
  })
})
