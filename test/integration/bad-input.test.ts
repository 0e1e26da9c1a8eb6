/** Records that are no events, thrown in between good ones: the good arrive, the bad are explained, nothing stops. */
import { expect, inject, test } from 'vitest'
import { z } from 'zod'
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../../src/ingest/dead-letter.ts'
import { spawnTokenwatch } from '../support/child.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { createTopic, produce, uniqueName } from '../support/kafka.ts'
import {
  type ServiceOptions,
  serviceEnv,
  serviceSettings,
  startService,
  untilAcknowledged,
  writeSettings,
} from './service.ts'
import { column, count, traffic } from './stored.ts'

const db = await testDatabase('bad')
const { brokers } = inject('kafka')
const DAY_MS = 86_400_000
const MESSAGE_BYTES_MAX = 20_000

const good = traffic(31, { events: 200 })
const sample = JSON.parse(good[0]?.value ?? '{}') as Record<string, unknown>
const changed = (change: Record<string, unknown>): string => JSON.stringify({ ...sample, ...change })
const { timestamp: _timestamp, ...timeless } = sample
const { token_id: _tokenId, ...tokenless } = sample
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

const BAD: readonly (readonly [DeadLetterReason, string | Buffer | null])[] = [
  ['tombstone', null],
  ['empty', ''],
  ['empty', ' \n\t'],
  ['too-large', changed({ note: 'x'.repeat(MESSAGE_BYTES_MAX) })],
  ['invalid-utf8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ['not-json', '{"timestamp":'],
  ['not-json', '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326'],
  ['not-json', 'NaN'],
  ['not-an-object', '[1,2,3]'],
  ['not-an-object', '"text"'],
  ['not-an-object', 'null'],
  ['too-deep', nested(70)],
  ['too-deep', nested(3_000)],
  ['forbidden-key', `${JSON.stringify(sample).slice(0, -1)},"__proto__":{"isAdmin":true}}`],
  ['forbidden-key', `${JSON.stringify(sample).slice(0, -1)},"deep":{"__proto__":1}}`],
  ['missing-field', JSON.stringify(timeless)],
  ['missing-field', JSON.stringify(tokenless)],
  ['missing-field', '{}'],
  ['wrong-type', changed({ timestamp: { year: 2024 } })],
  ['wrong-type', changed({ token_id: ['a'] })],
  ['impossible-time', changed({ timestamp: '2024-13-45T99:00:00Z' })],
  ['time-in-future', changed({ timestamp: new Date(Date.now() + DAY_MS).toISOString() })],
  ['time-in-past', changed({ timestamp: '1971-01-01T00:00:00Z' })],
  ['token-without-key', JSON.stringify({ ...tokenless, token: 'a-raw-credential-9f8e7d6c' })],
]

test('every reason has its example', () => {
  expect([...new Set(BAD.map(([reason]) => reason))].sort()).toEqual([...DEAD_LETTER_REASONS].sort())
})

test('all good events arrive, each bad record is one row with its reason, and both are counted', async () => {
  const topic = await createTopic(brokers, uniqueName('bad'))
  const options: ServiceOptions = {
    database: db.name,
    topics: [topic],
    groupId: `${topic}-group`,
    settings: { ingest: { messageBytesMax: MESSAGE_BYTES_MAX, block: { rowsMax: 50 } } },
  }
  const messages = good.flatMap(({ value }, at) => {
    const bad = at % 4 === 0 ? BAD[at / 4] : undefined
    return bad === undefined ? [{ value }] : [{ value }, { value: bad[1] }]
  })
  const expected = new Map(
    messages.flatMap(({ value }, offset) => {
      const bad = BAD.find(([, record]) => record === value)
      return bad === undefined ? [] : [[offset, bad[0]] as const]
    }),
  )
  expect(expected.size).toBe(BAD.length)
  await produce(brokers, topic, messages)
  const service = await startService(options)
  await untilAcknowledged(options.groupId, topic, service.child)

  const counted = await Promise.all(
    DEAD_LETTER_REASONS.map(async (reason) => [
      reason,
      await service.metric('tokenwatch_dead_letters_total', { reason }),
    ]),
  )
  const byReason = Object.groupBy(BAD, ([reason]) => reason)
  expect(Object.fromEntries(counted)).toEqual(
    Object.fromEntries(DEAD_LETTER_REASONS.map((reason) => [reason, byReason[reason]?.length])),
  )
  expect(await service.metric('tokenwatch_records_consumed_total')).toBe(messages.length)
  expect(await service.metric('tokenwatch_events_stored_total')).toBe(good.length)
  const { code, stderr } = await service.stop()
  expect(code).toBe(0)

  expect(await column(db, 'events', 'event_id', topic)).toEqual(
    good.map(({ value }) => (JSON.parse(value) as { id: string }).id).sort(),
  )
  const letters = await db.query(
    'SELECT offset, reason, detail, excerpt, length_bytes FROM dead_letters WHERE topic = {topic: String} ORDER BY offset',
    { topic },
    z.object({
      offset: z.number(),
      reason: z.string(),
      detail: z.string(),
      excerpt: z.string(),
      length_bytes: z.number(),
    }),
  )
  expect(letters.map(({ offset, reason }) => [offset, reason])).toEqual([...expected])
  for (const letter of letters) {
    expect(letter.detail, letter.reason).not.toBe('')
    expect(letter.length_bytes).toBe(Buffer.byteLength(messages[letter.offset]?.value ?? ''))
  }
  expect(letters.map(({ excerpt }) => excerpt).join('') + stderr).not.toContain('a-raw-credential-9f8e7d6c')
})

test('tokenwatch dead-letters counts them by reason and lists them', async () => {
  const written = writeSettings(serviceSettings({ database: db.name, topics: ['unused'], groupId: 'unused' }))
  const run = (...args: string[]) =>
    spawnTokenwatch(['dead-letters', '--config', written.file, ...args], { env: serviceEnv() }).exit
  const [text, json, some] = await Promise.all([
    run(),
    run('--json', '--limit', '1000'),
    run('--json', '--reason', 'too-deep'),
  ])
  written.dispose()
  expect([text.code, json.code, some.code], text.stderr + json.stderr).toEqual([0, 0, 0])
  for (const reason of DEAD_LETTER_REASONS) expect(text.stdout).toContain(reason)
  const listed = z.object({
    counts: z.record(z.string(), z.number()),
    dead_letters: z.array(z.object({ reason: z.string() })),
  })
  const { counts, dead_letters } = listed.parse(JSON.parse(json.stdout))
  expect(dead_letters).toHaveLength(BAD.length)
  expect(Object.values(counts).reduce((sum, each) => sum + each, 0)).toBe(BAD.length)
  expect(listed.parse(JSON.parse(some.stdout)).dead_letters.map(({ reason }) => reason)).toEqual([
    'too-deep',
    'too-deep',
  ])
  expect(await count(db, 'dead_letters')).toBe(BAD.length)
})
