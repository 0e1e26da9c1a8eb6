/** Kills, pauses and cuts at every step between reading a record and acknowledging it: nothing is lost or doubled. */
import kafkajs from 'kafkajs'
import { describe, expect, inject, test, vi } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { createTopic, produce, startTestKafka, uniqueName, withAdmin } from '../support/kafka.ts'
import { startClickHouseProxy } from './clickhouse-proxy.ts'
import {
  type Service,
  type ServiceOptions,
  type Settings,
  committedOffsets,
  merge,
  startService,
  untilAcknowledged,
} from './service.ts'
import { type TrafficMessage, column, count, expectStoredOnce, rowsIn, traffic } from './stored.ts'
import { until } from './until.ts'

vi.setConfig({ testTimeout: 120_000 })

const { brokers } = inject('kafka')
const { url: serverUrl } = inject('clickhouse')

/** Blocks of 300 rows, findings in most of them, and no alert that would close one early. */
const DETECTING: Settings = {
  // A member that was killed is missed within two seconds.
  ingest: { block: { rowsMax: 300 }, kafka: { sessionTimeoutMs: 2_000, heartbeatIntervalMs: 300 } },
  alerting: { thresholdBits: 1_000, notifyFrom: '2020-01-01T00:00:00Z' },
  detect: { findingBitsMin: 1 },
}

interface Scene {
  readonly topic: string
  readonly groupId: string
  readonly messages: readonly TrafficMessage[]
  readonly options: (clickhouseUrl?: string, settings?: Settings) => ServiceOptions
  readonly untilStored: (service?: Service) => Promise<void>
}

async function scene(db: Database, { partitions = 1, seed = 1 } = {}): Promise<Scene> {
  const topic = await createTopic(brokers, uniqueName('protocol'), partitions)
  const groupId = `${topic}-group`
  return {
    topic,
    groupId,
    messages: traffic(seed),
    options: (clickhouseUrl, further = {}) => ({
      database: db.name,
      topics: [topic],
      groupId,
      settings: merge(DETECTING, further),
      ...(clickhouseUrl === undefined ? {} : { clickhouseUrl }),
    }),
    untilStored: (service) => untilAcknowledged(groupId, topic, service?.child),
  }
}

describe('a block is announced before it is written', async () => {
  const [db, among] = await Promise.all([testDatabase('intent'), testDatabase('intent among peers')])

  test.for([
    ['nothing is written yet', 'before', 1, db],
    ['its findings are written', 'after', 2, db],
    ['its findings among peers are written', 'after', 11, among],
  ] as const)(
    'killed when %s, it is made again with the same boundaries, time and ids',
    async ([_name, point, seed, db]) => {
      const { topic, groupId, messages, untilStored, ...scenery } = await scene(db, { seed })
      const options = (url?: string) => scenery.options(url, { learning: { peers: db === among } })
      await using proxy = await startClickHouseProxy(serverUrl)
      await produce(brokers, topic, messages)
      const held = proxy.hold(/INSERT INTO `findings`/, point)
      const service = await startService(options(proxy.url))
      await held.reached
      const [intent] = await committedOffsets(groupId, topic)
      const first = intent?.offset ?? -1
      expect(intent).toEqual({
        partition: 0,
        offset: first,
        metadata: { last: first + 299, ingestedAt: expect.any(Number) },
      })
      await service.kill()
      expect(await rowsIn(db, topic)).toBe(first)
      const findings = 'findings WHERE topic = {topic: String} AND offset >= {first: UInt64}'
      expect((await count(db, findings, { topic, first })) > 0).toBe(point === 'after')

      const next = await startService(options())
      await next.child.waitForLine(/makes an announced block again/)
      await untilStored(next)
      // What was on its way when the process died arrives long after it: its token is known.
      held.release()
      expect((await next.stop()).code).toBe(0)
      await until('the late insert to be answered', () => proxy.isIdle())
      const memory = await expectStoredOnce(db, options(), messages)
      expect(memory.findings.length).toBeGreaterThan(5)
      const takenOver = await count(
        db,
        'events WHERE topic = {topic: String} AND ingested_at = fromUnixTimestamp64Milli({at: Int64})',
        { topic, at: intent?.metadata?.ingestedAt },
      )
      expect(takenOver).toBe(300)
    },
  )

  test('a graceful end leaves no intent behind', async () => {
    const { topic, groupId, messages, options, untilStored } = await scene(db, { seed: 3 })
    await produce(brokers, topic, messages.slice(0, 400))
    const service = await startService(options())
    await untilStored(service)
    expect((await service.stop()).code).toBe(0)
    const [committed] = await committedOffsets(groupId, topic)
    expect(committed).toEqual({ partition: 0, offset: 400, metadata: { ingestedAt: expect.any(Number) } })
    expect(await rowsIn(db, topic)).toBe(400)
  })
})

describe('a block that landed before its process died', async () => {
  const db = await testDatabase('landed')

  test('is acknowledged and not taken again', async () => {
    const { topic, messages, options, untilStored } = await scene(db, { seed: 4 })
    await using proxy = await startClickHouseProxy(serverUrl)
    await produce(brokers, topic, messages)
    const held = proxy.hold(/INSERT INTO `events`/, 'after')
    const service = await startService(options(proxy.url))
    await held.reached
    expect(await rowsIn(db, topic)).toBe(300)
    await service.kill()
    held.cut()

    const next = await startService(options())
    await next.child.waitForLine(/took over a block that had landed/)
    await untilStored(next)
    expect((await next.stop()).code).toBe(0)
    await expectStoredOnce(db, options(), messages)
  })
})

describe('a block that landed without its views', async () => {
  const db = await testDatabase('views')

  test('fills those that lack it and leaves alone those that have it', async () => {
    const { topic, messages, options, untilStored } = await scene(db, { seed: 5 })
    await using proxy = await startClickHouseProxy(serverUrl)
    await produce(brokers, topic, messages)
    const held = proxy.hold(/INSERT INTO `events`/, 'after')
    const service = await startService(options(proxy.url))
    await held.reached
    await service.kill()
    held.cut()
    // As if the server had been cut off before it had fed these two: without their parts they forget the token too.
    await db.command("ALTER TABLE token_values DROP PARTITION '202409'")
    await db.command('ALTER TABLE positions DROP PARTITION tuple()')
    expect(await count(db, 'token_values')).toBe(0)
    expect(await count(db, 'positions')).toBe(0)
    expect(await count(db, 'token_activity_hour')).toBeGreaterThan(0)

    const next = await startService(options())
    await untilStored(next)
    expect((await next.stop()).code).toBe(0)
    await expectStoredOnce(db, options(), messages)
  })
})

describe('two members', async () => {
  const db = await testDatabase('members')

  test('a member that was paused past its session changes nothing when it wakes, and works again', async () => {
    const { topic, messages, options, untilStored } = await scene(db, { partitions: 2, seed: 6 })
    await using proxy = await startClickHouseProxy(serverUrl)
    const early = messages.slice(0, 1_000)
    await produce(brokers, topic, early)
    const held = proxy.hold(/INSERT INTO `(findings|events)`/, 'before')
    const paused = await startService(options(proxy.url))
    await held.reached
    process.kill(paused.child.pid, 'SIGSTOP')

    const other = await startService(options())
    await untilStored(other)
    expect(await rowsIn(db, topic)).toBe(early.length)
    process.kill(paused.child.pid, 'SIGCONT')
    held.release()
    await until('the late inserts to be answered', () => proxy.isIdle())
    expect(await rowsIn(db, topic)).toBe(early.length)

    await until('the woken member to be back', async () => (await assignedTo(topic, options().groupId)).length === 2)
    await produce(brokers, topic, messages.slice(early.length))
    await untilStored(other)
    expect(await Promise.all([paused.stop(), other.stop()]).then((ends) => ends.map(({ code }) => code))).toEqual([
      0, 0,
    ])
    await expectStoredOnce(db, options(), messages)
  })

  test('what is buffered when another member joins is dropped and read again', async () => {
    const { topic, messages, options, untilStored } = await scene(db, { partitions: 2, seed: 7 })
    const patient = options(undefined, { ingest: { block: { rowsMax: 100_000, lingerMs: 600_000 } } })
    await produce(brokers, topic, messages)
    const first = await startService(patient)
    const isBuffered = async (services: readonly Service[]) => {
      const rows = await Promise.all(services.map((service) => service.metric('tokenwatch_buffered_rows')))
      return rows.reduce((sum, each) => sum + each, 0) === messages.length && rows.every((each) => each > 0)
    }
    await until('all to be buffered by one member', () => isBuffered([first]))
    const second = await startService(patient)
    await until('all to be buffered by two members', () => isBuffered([first, second]))
    expect(await rowsIn(db, topic)).toBe(0)
    expect(await Promise.all([first.stop(), second.stop()]).then((ends) => ends.map(({ code }) => code))).toEqual([
      0, 0,
    ])
    const left = await column(db, 'events', 'event_id', topic)
    expect(new Set(left).size).toBe(left.length)

    const third = await startService(options())
    await untilStored(third)
    expect((await third.stop()).code).toBe(0)
    await expectStoredOnce(db, options(), messages)
  })
})

describe('ClickHouse away', async () => {
  const db = await testDatabase('away')

  test('consumption waits, membership lasts, and everything arrives afterwards', async () => {
    const { topic, messages, options, untilStored } = await scene(db, { seed: 8 })
    await using proxy = await startClickHouseProxy(serverUrl)
    const service = await startService(
      options(proxy.url, { ingest: { bufferBytesMax: 100_000, kafka: { maxBytesPerPartition: 16_384 } } }),
    )
    await until('the member to join', async () => (await fetch(`${service.url}/readyz`)).ok)
    proxy.refuse(true)
    await produce(brokers, topic, messages)
    // By then it was away for longer than a session lasts without heartbeats.
    await service.child.waitForLine(/"attempt":6.*ClickHouse is away/)
    expect(await service.metric('tokenwatch_records_consumed_total')).toBeLessThan(messages.length / 2)
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
    proxy.refuse(false)
    await untilStored(service)
    const { code, stderr } = await service.stop()
    expect(code).toBe(0)
    expect(stderr.match(/joined the consumer group/g)).toHaveLength(1)
    await expectStoredOnce(db, options(), messages)
  })

  test('a stop while ClickHouse hangs ends in time, and the next start goes on', async () => {
    const { topic, messages, options, untilStored } = await scene(db, { seed: 9 })
    await using proxy = await startClickHouseProxy(serverUrl)
    const service = await startService(options(proxy.url, { notify: { targets: { here: { type: 'terminal' } } } }))
    const hanging = proxy.hold(/./, 'before')
    await produce(brokers, topic, messages)
    await hanging.reached
    expect((await service.stop()).code).toBe(0)
    hanging.cut()
    const next = await startService(options())
    await untilStored(next)
    expect((await next.stop()).code).toBe(0)
    await expectStoredOnce(db, options(), messages)
  })

  test('an error that needs a person ends the service instead of spinning', async () => {
    const { topic, messages, options, untilStored } = await scene(db, { seed: 10 })
    await using proxy = await startClickHouseProxy(serverUrl)
    const service = await startService(options(proxy.url))
    await db.command('RENAME TABLE findings TO findings_away')
    try {
      await produce(brokers, topic, messages)
      const { code, stderr } = await service.child.exit
      expect(code).toBe(3)
      expect(stderr).toContain('findings')
    } finally {
      await db.command('RENAME TABLE findings_away TO findings')
    }
    const next = await startService(options())
    await untilStored(next)
    expect((await next.stop()).code).toBe(0)
    await expectStoredOnce(db, options(), messages)
  })
})

describe('Kafka away', async () => {
  const db = await testDatabase('broker')

  test('what was written while the broker was dead is acknowledged when it is back', async () => {
    await using stack = new AsyncDisposableStack()
    const kafka = await startTestKafka({ ownBroker: true })
    stack.defer(() => kafka.stop())
    const proxy = stack.use(await startClickHouseProxy(serverUrl))
    const topic = await createTopic(kafka.brokers, uniqueName('broker'))
    const options: ServiceOptions = {
      database: db.name,
      topics: [topic],
      groupId: `${topic}-group`,
      clickhouseUrl: proxy.url,
      settings: merge(DETECTING, { ingest: { kafka: { brokers: kafka.brokers, sessionTimeoutMs: 6_000 } } }),
    }
    const messages = traffic(11)
    await produce(kafka.brokers, topic, messages.slice(0, 800))
    const held = proxy.hold(/INSERT INTO `events`/, 'before')
    const service = await startService(options)
    await held.reached
    await kafka.kill9()
    held.release()
    await until('the block to be written', async () => (await rowsIn(db, topic)) > 0)
    await kafka.restart()
    await produce(kafka.brokers, topic, messages.slice(800))
    await untilAcknowledged(options.groupId, topic, service.child, kafka.brokers)
    expect((await service.stop()).code).toBe(0)
    await expectStoredOnce(db, options, messages)
  })
})

/** Members of the group that have partitions. */
function assignedTo(topic: string, groupId: string): Promise<string[]> {
  return withAdmin(brokers, async (admin) => {
    const { groups } = await admin.describeGroups([groupId])
    return (groups[0]?.members ?? [])
      .filter(({ memberAssignment }) => {
        const decoded = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)
        return (decoded?.assignment[topic]?.length ?? 0) > 0
      })
      .map(({ memberId }) => memberId)
  })
}
