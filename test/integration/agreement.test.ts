/** The same input gives the same findings and alerts, by id and by content, whichever way it goes through tokenwatch. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { z } from 'zod'
import { alertLine } from '../../src/cli/replay-lines.ts'
import type { Alert } from '../../src/alert/alert.ts'
import type { Database } from '../../src/store/database.ts'
import { spawnTokenwatch } from '../support/child.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { createTopic, produce, uniqueName } from '../support/kafka.ts'
import { trailTraffic } from './cloudtrail-traffic.ts'
import { type InMemory, foldInMemory, recordsOf } from './in-memory.ts'
import {
  type ServiceOptions,
  type Settings,
  serviceEnv,
  serviceSettings,
  startService,
  untilAcknowledged,
  writeSettings,
} from './service.ts'
import { column, count, traffic } from './stored.ts'

const { brokers } = inject('kafka')
const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-agreement-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Low thresholds and short incidents, so that there are many alerts. */
const DETECTING: Settings = {
  detect: { findingBitsMin: 1 },
  alerting: { thresholdBits: 1, incidentGapMs: 3_600_000, notifyFrom: '2020-01-01T00:00:00Z' },
}

const INPUTS = [
  ['cloudtrail', trailTraffic(21, 600).records.map((record) => JSON.stringify(record))],
  ['canonical', traffic(22, { tokens: 12, events: 2_500 }).map(({ value }) => value)],
] as const

describe.for(INPUTS)('%s', async ([format, values]) => {
  const [single, fourfold, replayed] = await Promise.all([
    testDatabase('single'),
    testDatabase('fourfold'),
    testDatabase('replayed'),
  ])
  const file = join(folder, `${format}.ndjson.gz`)
  writeFileSync(file, gzipSync(values.map((value) => `${value}\n`).join('')))
  const optionsFor = (db: Database, topic = 'unused'): ServiceOptions => ({
    database: db.name,
    topics: [topic],
    groupId: `${topic}-group`,
    settings: { ...DETECTING, ingest: { format }, learning: { peers: true } },
  })
  const memory = await foldInMemory(serviceSettings(optionsFor(single)), recordsOf('memory', values))

  test('a replay in memory writes the alerts of the fold with sources and surges that are counted as it goes', async () => {
    expect(memory.alerts.length).toBeGreaterThan(20)
    const { stdout } = await replay(optionsFor(single), ['--alerts', '-'])
    const among = await foldInMemory(serviceSettings(optionsFor(single)), recordsOf('memory', values), 'counted')
    expect(linesOf(stdout)).toEqual(expectedLines(among))
    expect(await count(single, 'events')).toBe(0)
  })

  test('one partition, whose peers are those that a replay counts', async () => {
    const { findings } = memory
    expect(findings.filter(({ numbers }) => (numbers['peerBits'] ?? 0) !== 0).length).toBeGreaterThan(10)
    const topic = await createTopic(brokers, uniqueName(`${format}-1`))
    await throughKafka(
      optionsFor(single, topic),
      values.map((value) => ({ value })),
    )
    expect(await storedLines(single)).toEqual(expectedLines(memory))
    expect(await column(single, 'findings', 'finding_id', topic)).toEqual(findingIdsOf(memory))
    expect(await count(single, `findings WHERE NOT startsWith(snapshot, 'peers 20')`)).toBe(0)
  })

  test('four partitions, keyed by token id, without what they know of each other', async () => {
    const topic = await createTopic(brokers, uniqueName(`${format}-4`), 4)
    const messages = memory.events.map(({ tokenId, position }) => ({
      key: tokenId,
      value: values[position.offset] as string,
    }))
    const options = optionsFor(fourfold, topic)
    const alone = { ...options, settings: { ...options.settings, learning: { peers: false } } }
    await throughKafka(alone, messages)
    expect(await count(fourfold, '(SELECT DISTINCT partition FROM events)')).toBeGreaterThan(1)
    const unaware = await foldInMemory(serviceSettings(alone), recordsOf('memory', values))
    expect(await storedLines(fourfold)).toEqual(expectedLines(unaware))
    expect(await column(fourfold, 'findings', 'finding_id', topic)).toEqual(findingIdsOf(unaware))
  })

  test('a replay into the store, once, whose alerts are told to nobody', async () => {
    const options = optionsFor(replayed)
    const told = { ...options, settings: { ...options.settings, notify: { targets: { here: { type: 'terminal' } } } } }
    const first = await replay(told, ['--store'])
    expect(first.code, first.stderr).toBe(0)
    expect(await storedLines(replayed)).toEqual(expectedLines(memory))
    const topic = await topicIn(replayed)
    expect(await column(replayed, 'findings', 'finding_id', topic)).toEqual(findingIdsOf(memory))
    expect(await count(replayed, 'deliveries')).toBe(memory.alerts.length)
    expect(await count(replayed, "deliveries WHERE outcome = 'suppressed'")).toBe(memory.alerts.length)

    const second = await replay(told, ['--store'])
    expect(second.code).toBe(2)
    expect(second.stderr).toContain('in ClickHouse already')
    expect(await count(replayed, 'events')).toBe(memory.events.length)
  })

  async function replay(options: ServiceOptions, args: readonly string[]) {
    const written = writeSettings(serviceSettings(options))
    const child = spawnTokenwatch(['replay', '--config', written.file, '--format', format, '--input', file, ...args], {
      env: serviceEnv(),
    })
    const ended = await child.exit
    written.dispose()
    return ended
  }
})

async function throughKafka(
  options: ServiceOptions,
  messages: readonly { readonly key?: string; readonly value: string }[],
): Promise<void> {
  const [topic] = options.topics as readonly [string]
  await produce(brokers, topic, messages)
  const service = await startService(options)
  await untilAcknowledged(options.groupId, topic, service.child)
  expect((await service.stop()).code).toBe(0)
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

function expectedLines(memory: InMemory): string[] {
  return linesOf(memory.alerts.map((alert) => alertLine(alert)).join(''))
}

function findingIdsOf(memory: InMemory): string[] {
  return memory.findings.map(({ findingId }) => findingId).sort()
}

/** The stored alerts as lines; the whole alert stands in their rows. */
async function storedLines(db: Database): Promise<string[]> {
  const rows = await db.query('SELECT body FROM alerts', {}, z.object({ body: z.string() }))
  return linesOf(rows.map(({ body }) => alertLine(JSON.parse(body) as Alert)).join(''))
}

async function topicIn(db: Database): Promise<string> {
  const [row] = await db.query(
    'SELECT DISTINCT toString(topic) AS topic FROM events',
    {},
    z.object({ topic: z.string() }),
  )
  expect(row?.topic).toMatch(/^file:[0-9a-f]{64}$/)
  return row?.topic ?? ''
}
