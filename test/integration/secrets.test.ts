/** No credential that went in comes out anywhere, and none of our own secrets is printed, whatever fails. */
import { createHmac, randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, inject, test, vi } from 'vitest'
import { z } from 'zod'
import type { Database } from '../../src/store/database.ts'
import { spawnTokenwatch } from '../support/child.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { createTopic, produce, uniqueName } from '../support/kafka.ts'
import { newSigningSecret, startSlackReceiver, startWebhookReceiver } from '../support/receivers.ts'
import {
  type ServiceOptions,
  serviceEnv,
  serviceSettings,
  spawnService,
  startService,
  untilAcknowledged,
  writeSettings,
} from './service.ts'
import { count, traffic } from './stored.ts'
import { until } from './until.ts'

vi.setConfig({ testTimeout: 120_000 })

const db = await testDatabase('secrets')
const { brokers } = inject('kafka')
const random = () => randomBytes(18).toString('base64url')
const FINGERPRINT_KEY = randomBytes(24).toString('hex')

function jwt(subject: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: 'https://issuer.example', sub: subject, exp: 1 })}`
  return `${body}.${createHmac('sha256', random()).update(body).digest('base64url')}`
}

function basic(password: string): string {
  return Buffer.from(`user:${password}`).toString('base64')
}

/** Each credential in the form in which it is sent, with the text that may occur nowhere. */
const CREDENTIALS = [
  ...[random(), random()].map((secret) => ({ token: secret, secret })),
  ...[random(), random()].map((secret) => ({ token: `Bearer ${secret}`, secret })),
  ...[random()].map(basic).map((secret) => ({ token: `Basic ${secret}`, secret })),
  ...['alice', 'bob'].map(jwt).map((secret) => ({ token: secret, secret })),
  ...['carol'].map(jwt).map((secret) => ({ token: `Bearer ${secret}`, secret })),
  ...[`ghp_${randomBytes(18).toString('hex')}`].map((secret) => ({ token: secret, secret })),
]
/** What must not be found: the credential, its base64 form, and a JWT's signature by itself. */
const NEEDLES = CREDENTIALS.flatMap(({ secret }) => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ...(secret.split('.').length === 3 ? [secret.split('.')[2] as string] : []),
])

/** Credentials in every place that a careless producer puts them, the token's own field first. */
function messages(): string[] {
  const calls = traffic(51, { tokens: 3, events: 900 }).map(({ value }) => JSON.parse(value) as Record<string, unknown>)
  const owners = [...new Set(calls.map((event) => event['token_id']))]
  return calls.map((event, at) => {
    const { token_id: owner, ...rest } = event
    const { token, secret } = CREDENTIALS[
      (owners.indexOf(owner) * 3 + (at % 3)) % CREDENTIALS.length
    ] as (typeof CREDENTIALS)[number]
    const leaky = {
      ...rest,
      path: `${String(rest['path'])}/${at % 7 === 0 ? secret : 'x'}?access_token=${secret}`,
      ...(at % 11 === 0 ? { user_agent: `curl/8 (${secret})` } : {}),
    }
    if (at % 50 === 1) return JSON.stringify({ ...leaky, token, timestamp: 'never' })
    if (at % 50 === 2) return `{"token": "${token}", "path": `
    if (at % 5 === 0) return JSON.stringify({ ...leaky, token_id: looksSecret(token) ? token : `Bearer ${secret}` })
    return JSON.stringify({ ...leaky, token })
  })
}

function looksSecret(token: string): boolean {
  return /^(Bearer|Basic) |^ghp_|^ey/.test(token)
}

function foundIn(text: string, needles: readonly string[]): string[] {
  return needles.filter((needle) => text.includes(needle))
}

/** Needles that occur in any column of any row of any table. */
async function foundInTables(database: Database, needles: readonly string[]): Promise<string[]> {
  const tables = await database.query(
    "SELECT name FROM system.tables WHERE database = {database: String} AND engine NOT LIKE '%View'",
    { database: database.name },
    z.object({ name: z.string() }),
  )
  expect(tables.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['events', 'findings', 'alerts', 'deliveries', 'dead_letters', 'token_values', 'state']),
  )
  const found = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await database.query(
        `SELECT needle, count() AS hits FROM (SELECT formatRow('TSVRaw', *) AS line FROM ${name})
         ARRAY JOIN {needles: Array(String)} AS needle WHERE position(line, needle) > 0 GROUP BY needle`,
        { needles },
        z.object({ needle: z.string(), hits: z.number() }),
      )
      return rows.map(({ needle, hits }) => `${name}: ${needle} ${hits} times`)
    }),
  )
  return found.flat()
}

describe('credentials in the input', () => {
  test('are nowhere: tables, logs, metrics, alerts at the receivers, listings', async () => {
    const signingSecret = newSigningSecret()
    await using hook = await startWebhookReceiver({ signingSecret })
    await using chat = await startSlackReceiver()
    const reachable = { allowHttp: true, allowPrivateAddresses: true }
    const topic = await createTopic(brokers, uniqueName('secrets'))
    const options: ServiceOptions = {
      database: db.name,
      topics: [topic],
      groupId: `${topic}-group`,
      env: { TOKENWATCH_ENRICH_FINGERPRINT_KEY: FINGERPRINT_KEY },
      settings: {
        detect: { findingBitsMin: 1 },
        alerting: { thresholdBits: 2, incidentGapMs: 3_600_000, notifyFrom: '2020-01-01T00:00:00Z' },
        log: { level: 'debug' },
        notify: {
          maxAgeMs: 0,
          targets: {
            hook: { type: 'webhook', url: hook.url, signingSecret, ...reachable },
            chat: { type: 'slack', url: chat.url, ...reachable },
            here: { type: 'terminal' },
          },
        },
      },
    }
    const sent = messages()
    expect(foundIn(sent.join('\n'), NEEDLES).length, 'the needles can be found').toBeGreaterThan(CREDENTIALS.length)
    await produce(
      brokers,
      topic,
      sent.map((value) => ({ value })),
    )
    const service = await startService(options)
    await untilAcknowledged(options.groupId, topic, service.child)
    const alerts = await count(db, 'alerts')
    expect(alerts).toBeGreaterThan(4)
    await until('all alerts to be told', async () => {
      return (await count(db, "deliveries FINAL WHERE outcome = 'delivered'")) === 3 * alerts
    })
    const metrics = await service.metrics()
    const { code, stdout, stderr } = await service.stop()
    expect(code).toBe(0)
    expect(await count(db, "events WHERE token_kind = 'fingerprint'")).toBeGreaterThan(100)
    expect(await count(db, "events WHERE token_kind = 'jwt'")).toBeGreaterThan(100)
    expect(await count(db, 'dead_letters')).toBeGreaterThan(10)

    const written = writeSettings(serviceSettings(options))
    const env = serviceEnv(options.env)
    const listings = await Promise.all(
      [
        ['dead-letters', '--limit', '1000'],
        ['dead-letters', '--limit', '1000', '--json'],
        ['alerts', '--limit', '1000', '--json'],
        ['check-config', '--print'],
      ].map((args) => spawnTokenwatch([...args, '--config', written.file], { env }).exit),
    )
    written.dispose()
    const printed = listings.map((ended) => ended.stdout + ended.stderr).join('\n')
    expect(listings.map((ended) => ended.code)).toEqual([0, 0, 0, 0])
    const bodies = [...hook.requests, ...chat.requests].map(({ body, headers }) => body + JSON.stringify(headers))
    const outputs = { stdout, stderr, metrics, printed, bodies: bodies.join('\n') }
    const ours = [FINGERPRINT_KEY, signingSecret, inject('clickhouse').password]
    for (const [name, text] of Object.entries(outputs)) {
      expect(text.length, name).toBeGreaterThan(0)
      expect(foundIn(text, [...NEEDLES, ...ours]), name).toEqual([])
    }
    expect(foundIn(stdout + stderr + metrics + printed, [...hook.secretParts, ...chat.secretParts])).toEqual([])
    expect(await foundInTables(db, [...NEEDLES, ...ours, ...hook.secretParts, ...chat.secretParts])).toEqual([])
    // The search itself finds what is there.
    expect(await foundInTables(db, [topic])).not.toEqual([])
  })
})

describe('secrets of ours', async () => {
  const own = await testDatabase('ours')

  test('are nowhere when every target refuses, hangs, quotes its address or does not resolve', async () => {
    const signingSecret = newSigningSecret()
    await using hanging = await startWebhookReceiver({ signingSecret })
    await using quoting = await startSlackReceiver()
    hanging.always({ kind: 'hang' })
    quoting.always({ kind: 'echo', status: 400 })
    const path = `/services/T00000000/B00000000/${random()}`
    const reachable = { allowHttp: true, allowPrivateAddresses: true }
    const urls = {
      refused: `http://127.0.0.1:${await closedPort()}${path}`,
      unresolved: `https://no-such-host.invalid${path}`,
      private: `https://127.0.0.1:${quoting.port}${path}`,
      tls: `https://127.0.0.1:${quoting.port}${path}`,
      userinfo: `http://user:${path.slice(-20)}@127.0.0.1:${await closedPort()}/`,
    }
    const topic = await createTopic(brokers, uniqueName('ours'))
    const options: ServiceOptions = {
      database: own.name,
      topics: [topic],
      groupId: `${topic}-group`,
      env: { TOKENWATCH_ENRICH_FINGERPRINT_KEY: FINGERPRINT_KEY },
      settings: {
        alerting: { thresholdBits: 2, notifyFrom: '2020-01-01T00:00:00Z' },
        detect: { findingBitsMin: 1 },
        log: { level: 'debug' },
        notify: {
          maxAgeMs: 0,
          timeoutMs: 200,
          retry: { initialMs: 20, maxMs: 50, attemptsMax: 2 },
          targets: {
            hanging: { type: 'webhook', url: hanging.url, signingSecret, ...reachable },
            quoting: { type: 'slack', url: quoting.url, ...reachable },
            refused: { type: 'slack', url: urls.refused, ...reachable },
            unresolved: { type: 'slack', url: urls.unresolved },
            private: { type: 'slack', url: urls.private },
            tls: { type: 'webhook', url: urls.tls, signingSecret, ...reachable },
            userinfo: { type: 'webhook', url: urls.userinfo, signingSecret, ...reachable },
          },
        },
      },
    }
    await produce(brokers, topic, traffic(52, { events: 600 }))
    const service = await startService(options)
    await untilAcknowledged(options.groupId, topic, service.child)
    const alerts = await count(own, 'alerts')
    expect(alerts).toBeGreaterThan(0)
    await until('everything to be undeliverable', async () => {
      return (await count(own, "deliveries FINAL WHERE outcome = 'failed'")) === 7 * alerts
    })
    const metrics = await service.metrics()
    const { stdout, stderr } = await service.stop()
    const written = writeSettings(serviceSettings(options))
    const env = serviceEnv(options.env)
    const listings = await Promise.all(
      [['alerts', '--undeliverable', '--limit', '1000'], ['test-alert'], ['check-config', '--print']].map(
        (args) => spawnTokenwatch([...args, '--config', written.file], { env }).exit,
      ),
    )
    written.dispose()
    const ours = [
      FINGERPRINT_KEY,
      signingSecret,
      signingSecret.slice('whsec_'.length),
      inject('clickhouse').password,
      path,
      path.slice(-20),
      ...hanging.secretParts,
      ...quoting.secretParts,
    ]
    const text = [stdout, stderr, metrics, ...listings.map((ended) => ended.stdout + ended.stderr)].join('\n')
    expect(text).toContain('unresolved')
    expect(foundIn(text, ours)).toEqual([])
    expect(await foundInTables(own, ours)).toEqual([])
  })

  test('are not printed when Kafka or ClickHouse cannot be reached, and a stop does not wait for them', async () => {
    const password = random()
    const username = random()
    const port = await closedPort()
    const child = spawnService({
      database: own.name,
      topics: ['nowhere'],
      groupId: 'nowhere',
      env: {
        TOKENWATCH_ENRICH_FINGERPRINT_KEY: FINGERPRINT_KEY,
        TOKENWATCH_INGEST_KAFKA_SASL_USERNAME: username,
        TOKENWATCH_INGEST_KAFKA_SASL_PASSWORD: password,
      },
      settings: {
        log: { level: 'debug' },
        ingest: { kafka: { brokers: [`127.0.0.1:${port}`], sasl: { mechanism: 'plain' } } },
      },
    })
    await child.waitForLine(/ECONNREFUSED/)
    await child.waitForLine(/tokenwatch is running/)
    const { code, stdout, stderr } = await child.stop()
    expect(code).toBe(0)

    const away = await spawnService({
      database: own.name,
      topics: ['nowhere'],
      groupId: 'nowhere',
      clickhouseUrl: `http://someone:${password}@127.0.0.1:${port}/`,
    }).exit
    expect(away.code).toBe(3)
    const text = [stdout, stderr, away.stdout, away.stderr].join('\n')
    expect(foundIn(text, [password, username, FINGERPRINT_KEY, inject('clickhouse').password])).toEqual([])
  })
})

/** A port on which nobody listens, a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
