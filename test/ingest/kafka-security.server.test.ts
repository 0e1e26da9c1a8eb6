/** Signing in and encryption against a broker that insists on them. */
import kafkajs from 'kafkajs'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKafka, kafkaConfig } from '../../src/ingest/kafka-client.ts'
import { kafkaSettings } from '../../src/ingest/kafka-settings.ts'
import { createLog } from '../../src/log.ts'
import { createCertificate } from '../support/certificate.ts'
import { startTestKafka, uniqueName, type TestKafka } from '../support/kafka.ts'

const USER = 'ingest-user'
const PASSWORD = 'correct-horse-battery'
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-certificates-'))
const file = (name: string): string => join(folder, name)
const topic = uniqueName('secured')
let kafka: TestKafka

beforeAll(async () => {
  const authority = createCertificate('test authority')
  const server = createCertificate('test broker', authority, ['localhost', '127.0.0.1'])
  const elsewhere = createCertificate('another broker', authority, ['kafka.example.com'])
  const client = createCertificate('test client', authority)
  writeFileSync(file('ca.pem'), authority.cert)
  writeFileSync(file('server.pem'), server.key + server.cert)
  writeFileSync(file('elsewhere.pem'), elsewhere.key + elsewhere.cert)
  writeFileSync(file('client.crt'), client.cert)
  writeFileSync(file('client.key'), client.key)
  kafka = await startTestKafka({
    listeners: { SASL: 'SASL_PLAINTEXT', SASLTLS: 'SASL_SSL', TLS: 'SSL', MUTUAL: 'SSL', ELSEWHERE: 'SSL' },
    scramUsers: { [USER]: PASSWORD },
    properties: {
      ...saslProperties('sasl'),
      ...saslProperties('sasltls'),
      ...tlsProperties('sasltls', 'server.pem'),
      ...tlsProperties('tls', 'server.pem'),
      ...tlsProperties('mutual', 'server.pem'),
      'listener.name.mutual.ssl.client.auth': 'required',
      ...tlsProperties('elsewhere', 'elsewhere.pem'),
    },
  })
})

afterAll(async () => {
  await kafka.stop()
  rmSync(folder, { recursive: true })
})

function saslProperties(listener: string): Record<string, string> {
  const prefix = `listener.name.${listener}`
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [`${prefix}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: scram,
  }
}

function tlsProperties(listener: string, keystore: string): Record<string, string> {
  const prefix = `listener.name.${listener}.ssl`
  return {
    [`${prefix}.keystore.type`]: 'PEM',
    [`${prefix}.keystore.location`]: file(keystore),
    [`${prefix}.truststore.type`]: 'PEM',
    [`${prefix}.truststore.location`]: file('ca.pem'),
  }
}

interface Access {
  readonly listener: string
  readonly tls?: object
  readonly sasl?: object
}

/** The answer of the broker, or what the client threw, and all that was logged. No retries: an error shows at once. */
async function connect({ listener, tls, sasl }: Access): Promise<{ outcome: unknown; logged: string }> {
  const settings = kafkaSettings.parse({
    brokers: [kafka.listeners[listener]],
    topics: [topic],
    ...(tls ? { tls } : {}),
    ...(sasl ? { sasl } : {}),
  })
  let logged = ''
  const log = createLog({ level: 'debug', format: 'json' }, { destination: { write: (line) => (logged += line) } })
  createKafka(settings, log)
  const admin = new kafkajs.Kafka({ ...kafkaConfig(settings, log), retry: { retries: 0 } }).admin()
  try {
    await admin.connect()
    return { outcome: await admin.listTopics(), logged }
  } catch (error) {
    return { outcome: error, logged }
  } finally {
    await admin.disconnect()
  }
}

const caFile = file('ca.pem')
const account = (mechanism: string) => ({ mechanism, username: USER, password: PASSWORD })

test.each<Access & { title: string }>([
  ...MECHANISMS.map((mechanism) => ({ title: mechanism, listener: 'SASL', sasl: account(mechanism) })),
  ...MECHANISMS.map((mechanism) => ({
    title: `${mechanism} over TLS`,
    listener: 'SASLTLS',
    tls: { enabled: true, caFile },
    sasl: account(mechanism),
  })),
  { title: 'TLS with an authority of our own', listener: 'TLS', tls: { enabled: true, caFile } },
  {
    title: 'a client certificate',
    listener: 'MUTUAL',
    tls: { enabled: true, caFile, certFile: file('client.crt'), keyFile: file('client.key') },
  },
])('is let in with $title', async (access) => {
  const { outcome } = await connect(access)
  expect(outcome).toEqual([])
})

test.each<Access & { title: string; error: object }>([
  ...MECHANISMS.map((mechanism) => ({
    title: `a wrong password for ${mechanism}`,
    listener: 'SASL',
    sasl: { ...account(mechanism), password: 'wrong-horse-battery' },
    error: { name: 'KafkaJSSASLAuthenticationError' },
  })),
  {
    title: 'a broker whose authority is unknown',
    listener: 'TLS',
    tls: { enabled: true },
    error: { name: 'KafkaJSNumberOfRetriesExceeded', message: expect.stringContaining('certificate') },
  },
  {
    title: 'a broker with a certificate for another host',
    listener: 'ELSEWHERE',
    tls: { enabled: true, caFile },
    error: { name: 'KafkaJSNumberOfRetriesExceeded', message: expect.stringContaining('altnames') },
  },
  {
    title: 'no client certificate where one is required',
    listener: 'MUTUAL',
    tls: { enabled: true, caFile },
    error: { name: expect.stringContaining('KafkaJS') },
  },
])('refuses or is refused: $title', async (access) => {
  const { outcome, logged } = await connect(access)
  expect(outcome).toBeInstanceOf(Error)
  expect(outcome).toMatchObject(access.error)
  expect(logged).not.toMatch(/ingest-user|horse-battery/)
})
