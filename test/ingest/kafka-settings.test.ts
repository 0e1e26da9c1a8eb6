/** What the settings of Kafka accept, what they refuse, and what becomes of them in the client. */
import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { consumerConfig, createKafka, kafkaConfig } from '../../src/ingest/kafka-client.ts'
import type { Log, LogMethod } from '../../src/log.ts'
import { kafkaSettings } from '../../src/ingest/kafka-settings.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const { logLevel } = kafkajs
const SASL = { mechanism: 'plain', username: 'ingest-user', password: 'correct horse' } as const

interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: unknown
  readonly message: string | undefined
}

function recordingLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = []
  const at =
    (level: Line['level']): LogMethod =>
    (fields: unknown, message?: string) =>
      void lines.push({ level, fields, message })
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return { log, lines }
}

test('an empty configuration reads no Kafka and has every default', () => {
  const settings = kafkaSettings.parse({})
  expect(settings).toMatchObject({ brokers: [], topics: [], groupId: 'tokenwatch', startAt: 'earliest' })
  expect(settings.tls).toEqual({ enabled: false })
  expect(settings.sasl).toBeUndefined()
})

test('every key is described, those of TLS and SASL too', () => {
  const schema = z.toJSONSchema(kafkaSettings, { io: 'input', unrepresentable: 'any' })
  const undescribed: string[] = []
  const visit = (node: object, path: string): void => {
    for (const [key, child] of Object.entries((node as { properties?: Record<string, object> }).properties ?? {})) {
      if (!(child as { description?: string }).description) undescribed.push(`${path}${key}`)
      visit(child, `${path}${key}.`)
    }
  }
  visit(schema, '')
  expect(undescribed).toEqual([])
})

test.each([
  { title: 'a broker without a port', input: { brokers: ['kafka'], topics: ['t'] }, path: 'brokers.0' },
  { title: 'a broker as a URL', input: { brokers: ['kafka://host:9092'], topics: ['t'] }, path: 'brokers.0' },
  { title: 'a broker with user info', input: { brokers: ['u:p@host:9092'], topics: ['t'] }, path: 'brokers.0' },
  { title: 'brokers without a topic', input: { brokers: ['host:9092'] }, path: 'topics' },
  { title: 'a topic with a space', input: { topics: ['access events'] }, path: 'topics.0' },
  { title: 'an unknown start', input: { startAt: 'yesterday' }, path: 'startAt' },
  {
    title: 'a heartbeat too rare for the session',
    input: { heartbeatIntervalMs: 20_000 },
    path: 'heartbeatIntervalMs',
  },
  {
    title: 'a mechanism that is not offered',
    input: { sasl: { ...SASL, mechanism: 'gssapi' } },
    path: 'sasl.mechanism',
  },
  { title: 'a user without a password', input: { sasl: { mechanism: 'plain', username: 'u' } }, path: 'sasl.password' },
  {
    title: 'turning certificate checks off',
    input: { tls: { enabled: true, rejectUnauthorized: false } },
    path: 'tls',
  },
  { title: 'a certificate without its key', input: { tls: { enabled: true, certFile: 'a.pem' } }, path: 'tls' },
  { title: 'a certificate file while TLS is off', input: { tls: { caFile: 'ca.pem' } }, path: 'tls.enabled' },
  { title: 'an unknown key', input: { broker: 'host:9092' }, path: '' },
])('refuses $title', ({ input, path }) => {
  const result = kafkaSettings.safeParse(input)
  expect(result.success).toBe(false)
  expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path])
})

test.each([
  { title: 'host names', broker: 'kafka-0.kafka.svc:9092' },
  { title: 'IPv4 addresses', broker: '10.0.0.1:9092' },
  { title: 'IPv6 addresses', broker: '[2001:db8::1]:9092' },
])('accepts brokers by $title', ({ broker }) => {
  expect(kafkaSettings.parse({ brokers: [broker], topics: ['access.events_v1-x'] }).brokers).toEqual([broker])
})

test('printed settings show neither user nor password', () => {
  const printed = JSON.stringify(kafkaSettings.parse({ sasl: SASL }))
  expect(printed).toContain('[redacted]')
  expect(printed).not.toMatch(/ingest-user|correct horse/)
})

test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('signing in by %s reaches the client', (mechanism) => {
  const config = kafkaConfig(kafkaSettings.parse({ sasl: { ...SASL, mechanism } }), recordingLog().log)
  expect(config.sasl).toEqual({ mechanism, username: 'ingest-user', password: 'correct horse' })
  expect(config.ssl).toBeUndefined()
})

test('certificate files reach the client, and certificates are always checked', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-test-'))
  try {
    const file = (name: string): string => {
      writeFileSync(join(folder, name), `content of ${name}`)
      return join(folder, name)
    }
    const tls = { enabled: true, caFile: file('ca'), certFile: file('cert'), keyFile: file('key') }
    expect(kafkaConfig(kafkaSettings.parse({ tls }), recordingLog().log).ssl).toEqual({
      rejectUnauthorized: true,
      ca: 'content of ca',
      cert: 'content of cert',
      key: 'content of key',
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a certificate file that cannot be read is named with its key', () => {
  const settings = kafkaSettings.parse({ tls: { enabled: true, caFile: '/nowhere/ca.pem' } })
  expect(() => createKafka(settings, recordingLog().log)).toThrow(
    'ingest.kafka.tls.caFile: cannot read /nowhere/ca.pem',
  )
})

test('session, rebalance and fetch settings reach the consumer', () => {
  expect(consumerConfig(kafkaSettings.parse({ groupId: 'g' }))).toMatchObject({
    groupId: 'g',
    sessionTimeout: 30_000,
    heartbeatInterval: 3_000,
    rebalanceTimeout: 60_000,
    maxBytesPerPartition: 262_144,
    maxBytes: 10_485_760,
    maxWaitTimeInMs: 500,
    allowAutoTopicCreation: false,
  })
})

test('log lines keep scalar fields only, and lose our secrets, control characters and length', () => {
  const { log, lines } = recordingLog()
  const { logCreator } = kafkaConfig(kafkaSettings.parse({ sasl: SASL }), log)
  const entry = {
    timestamp: '',
    logger: 'kafkajs',
    message: `Authentication of ingest-user with correct horse failed\u001b[2J${'x'.repeat(1_000)}`,
    broker: 'kafka:9092',
    retryCount: 2,
    error: 'ingest-user is unknown',
    payload: { password: 'correct horse' },
    stack: 'Error: correct horse',
  }
  logCreator?.(logLevel.INFO)({ namespace: 'Connection', level: logLevel.ERROR, label: 'ERROR', log: entry })
  expect(lines).toEqual([
    {
      level: 'error',
      fields: {
        component: 'kafkajs',
        namespace: 'Connection',
        broker: 'kafka:9092',
        retryCount: 2,
        error: '[redacted] is unknown',
      },
      message: expect.stringMatching(/^Authentication of \[redacted\] with \[redacted\] failed\[2Jx+…$/),
    },
  ])
  expect(lines[0]?.message?.length).toBe(512)
})

test.each([
  { level: logLevel.ERROR, expected: 'error' },
  { level: logLevel.WARN, expected: 'warn' },
  { level: logLevel.INFO, expected: 'info' },
  { level: logLevel.DEBUG, expected: 'debug' },
])("kafkajs's level $level is our $expected", ({ level, expected }) => {
  const { log, lines } = recordingLog()
  const { logCreator } = kafkaConfig(kafkaSettings.parse({}), log)
  logCreator?.(logLevel.DEBUG)({ namespace: '', level, label: '', log: { timestamp: '', message: 'm' } })
  expect(lines.map((line) => line.level)).toEqual([expected])
})
