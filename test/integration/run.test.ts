/** How a service starts, what it refuses to start on, and what it says of itself while it runs. */
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { describe, expect, inject, test, vi } from 'vitest'
import { openDatabase } from '../../src/store/clickhouse.ts'
import { identifier } from '../../src/store/identifier.ts'
import { spawnTokenwatch } from '../support/child.ts'
import { testDatabase, testDatabaseName, testSettings } from '../support/clickhouse.ts'
import { createTopic, produce, uniqueName } from '../support/kafka.ts'
import { startClickHouseProxy } from './clickhouse-proxy.ts'
import {
  type ServiceOptions,
  type Settings,
  committedOffsets,
  serviceEnv,
  serviceSettings,
  spawnService,
  startService,
  untilAcknowledged,
  writeSettings,
} from './service.ts'
import { column, rowsIn, traffic } from './stored.ts'
import { until } from './until.ts'

vi.setConfig({ testTimeout: 120_000 })

const { brokers } = inject('kafka')
const db = await testDatabase('run')
const messages = traffic(61, { events: 300 })
const idsOf = (some: typeof messages) => some.map(({ value }) => (JSON.parse(value) as { id: string }).id).sort()

async function optionsFor(
  settings: Settings = {},
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceOptions> {
  const topic = await createTopic(brokers, uniqueName('run'))
  return { database: db.name, topics: [topic], groupId: `${topic}-group`, settings, env }
}

describe('a start', () => {
  test('on a database without tables names the command that makes them, and works after it', async () => {
    const database = testDatabaseName('empty')
    await using other = await openDatabase(testSettings(database))
    const topic = await createTopic(brokers, uniqueName('run'))
    const options: ServiceOptions = {
      database,
      topics: [topic],
      groupId: `${topic}-group`,
      settings: { clickhouse: { migrateAtStart: false } },
    }
    const { code, stderr } = await spawnService(options).exit
    expect(code).toBe(4)
    expect(stderr).toContain('tokenwatch migrate')

    const written = writeSettings(serviceSettings(options))
    const migrated = await spawnTokenwatch(['migrate', '--config', written.file], { env: serviceEnv() }).exit
    written.dispose()
    expect(migrated.code, migrated.stderr).toBe(0)
    const service = await startService(options)
    expect((await service.stop()).code).toBe(0)
    await other.command(`DROP DATABASE ${identifier(database)}`)
  })

  test('with another fingerprint key than before is refused unless it is meant', async () => {
    const key = (name: string) => ({ TOKENWATCH_ENRICH_FINGERPRINT_KEY: `${name}-key-of-some-length` })
    const first = await startService(await optionsFor({}, key('first')))
    expect((await first.stop()).code).toBe(0)
    const refused = await spawnService(await optionsFor({}, key('second'))).exit
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/fingerprintKey[^]*--new-key/)
    expect(refused.stderr).not.toContain('second-key')
    const meant = await startService({ ...(await optionsFor({}, key('second'))), args: ['--new-key'] })
    expect((await meant.stop()).code).toBe(0)
    const before = await spawnService(await optionsFor({}, key('first'))).exit
    expect(before.code).toBe(2)
  })

  test('on a port that is taken says which setting to change', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { code, stderr } = await spawnService(await optionsFor({ http: { port } })).exit
    taken.close()
    expect(code).toBe(2)
    expect(stderr).toMatch(/http\.port/)
  })

  test('at the latest position reads what comes after it, also what it had not stored when it died', async () => {
    const options = await optionsFor({ ingest: { kafka: { startAt: 'latest', sessionTimeoutMs: 2_000 } } })
    const [topic] = options.topics as readonly [string]
    await using proxy = await startClickHouseProxy(inject('clickhouse').url)
    await produce(brokers, topic, messages.slice(0, 100))
    const first = await startService({ ...options, clickhouseUrl: proxy.url })
    await until('the start to be committed', async () => (await committedOffsets(options.groupId, topic)).length > 0)
    const held = proxy.hold(/FROM token_values/, 'before')
    await produce(brokers, topic, messages.slice(100, 200))
    await held.reached
    await first.kill()
    held.cut()
    await produce(brokers, topic, messages.slice(200))
    const second = await startService(options)
    await untilAcknowledged(options.groupId, topic, second.child)
    expect((await second.stop()).code).toBe(0)
    expect(await column(db, 'events', 'event_id', topic)).toEqual(idsOf(messages.slice(100)))
  })
})

describe('a running service', () => {
  test('is ready once it has joined, counts what it does, and labels nothing by tokens, tenants or addresses', async () => {
    const options = await optionsFor()
    const [topic] = options.topics as readonly [string]
    await produce(brokers, topic, messages)
    const service = await startService(options)
    await untilAcknowledged(options.groupId, topic, service.child)
    expect(await (await fetch(`${service.url}/readyz`)).text()).toBe('ready\n')
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${service.url}/`)).status).toBe(404)
    expect(await service.metric('tokenwatch_events_stored_total')).toBe(messages.length)
    expect(await service.metric('tokenwatch_consumer_lag_records', { topic, partition: '0' })).toBe(0)
    expect(await service.metric('tokenwatch_end_to_end_seconds_count')).toBeGreaterThan(0)
    const text = await service.metrics()
    const calls = messages.map(({ value }) => JSON.parse(value) as Record<string, string>)
    const secretive = new Set(calls.flatMap((call) => [call['token_id'], call['tenant'], call['ip'], call['path']]))
    expect([...secretive].filter((each) => each !== undefined && text.includes(each))).toEqual([])
    expect((await service.stop()).code).toBe(0)
    expect(await rowsIn(db, topic)).toBe(messages.length)
  })

  test('ends in order at Ctrl-C', async () => {
    const service = await startService(await optionsFor())
    const { code, stderr } = await service.child.stop('SIGINT')
    expect(code).toBe(0)
    expect(stderr).toContain('"msg":"stopped"')
  })
})
