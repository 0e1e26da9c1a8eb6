/** How tokenwatch reaches Kafka and reads from it: the keys under `ingest.kafka`. */
import { z } from 'zod'
import type { Secret } from '../secret.ts'
import { address, count, durationMs, secret } from '../settings.ts'

const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

const tls = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Encrypt the connections and check the certificates of the brokers.'),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file with the certificates to trust, instead of those that Node.js trusts.'),
    certFile: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file with our own certificate, for brokers that ask for one. Needs keyFile.'),
    keyFile: z.string().min(1).optional().describe('PEM file with the private key to certFile, not encrypted.'),
  })
  .superRefine((tls, context) => {
    if ((tls.certFile === undefined) !== (tls.keyFile === undefined))
      context.addIssue({ code: 'custom', message: 'certFile and keyFile need each other' })
    if (!tls.enabled && (tls.caFile ?? tls.certFile) !== undefined)
      context.addIssue({ code: 'custom', path: ['enabled'], message: 'must be true when certificate files are named' })
  })

const sasl = z.strictObject({
  mechanism: z
    .enum(SASL_MECHANISMS)
    .describe('How to sign in. `plain` shows the password to the broker: use it with TLS only.'),
  username: secret('User name for the brokers.'),
  password: secret('Password for the brokers.'),
})

/** Every key has a default except those of `sasl`, which is absent by default. */
export const kafkaSettings = z
  .strictObject({
    brokers: z
      .array(z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}$/, 'expected host:port'))
      .default([])
      .meta({ description: 'Brokers to start from, as host:port. Without any, Kafka is not read.', env: true }),
    topics: z
      .array(z.string().regex(/^[\w.-]{1,249}$/, 'expected a topic name: letters, digits, ".", "_" and "-"'))
      .default([])
      .meta({ description: 'Topics with access events. They are never created by tokenwatch.', env: true }),
    groupId: address(
      'Consumer group. Processes with the same group share the partitions; another group reads everything anew.',
    ).default('tokenwatch'),
    clientId: z
      .string()
      .min(1)
      .default('tokenwatch')
      .describe("Name under which the brokers' logs and quotas know this program."),
    startAt: z
      .enum(['earliest', 'latest'])
      .default('earliest')
      .describe('Where a partition begins that this group never read. `earliest`: retained history teaches at once.'),
    tls: tls.prefault({}).describe('Encryption and certificates.'),
    sasl: sasl.optional().describe('Signing in; absent where the brokers ask for nothing or for a certificate only.'),
    sessionTimeoutMs: durationMs(
      'Without a heartbeat for this long the brokers give our partitions to another member. Brokers bound it (group.min.session.timeout.ms, group.max.session.timeout.ms).',
    )
      .min(1_000)
      .default(30_000),
    heartbeatIntervalMs: durationMs('Time between heartbeats; at most a third of sessionTimeoutMs.')
      .min(100)
      .default(3_000),
    rebalanceTimeoutMs: durationMs(
      'How long members may take to hand over partitions before the group goes on without them.',
    )
      .min(1_000)
      .default(60_000),
    maxBytesPerPartition: count(
      'Bytes fetched from one partition at a time. 256 KiB costs the least CPU; a larger message still arrives.',
      1_024,
    ).default(262_144),
    fetchBytesMax: count('Bytes fetched from one broker at a time, over all partitions.', 1_024).default(10_485_760),
    fetchWaitMs: durationMs(
      'How long a broker may hold an empty answer. Heartbeats share the connection and wait behind it: keep it short.',
    )
      .min(1)
      .max(5_000)
      .default(500),
    connectTimeoutMs: durationMs('Time limit for a connection and its TLS handshake, and again for signing in.')
      .min(100)
      .default(10_000),
    requestTimeoutMs: durationMs('Time limit for the answer to one request.').min(1_000).default(30_000),
  })
  .superRefine((kafka, context) => {
    if (kafka.heartbeatIntervalMs * 3 > kafka.sessionTimeoutMs)
      context.addIssue({
        code: 'custom',
        path: ['heartbeatIntervalMs'],
        message: `expected at most a third of sessionTimeoutMs (${kafka.sessionTimeoutMs})`,
      })
    if (kafka.brokers.length > 0 && kafka.topics.length === 0)
      context.addIssue({
        code: 'custom',
        path: ['topics'],
        message: 'expected at least one topic when brokers are set',
      })
  })

export type KafkaSettings = z.infer<typeof kafkaSettings>

/** The secrets among the settings, for the redaction of foreign texts. */
export function kafkaSecrets(settings: KafkaSettings): readonly Secret[] {
  if (!settings.sasl) return []
  const { username, password } = settings.sasl
  // A user called like the group or the client says nothing, and hiding it would make every line about them unreadable.
  const isNamed = [settings.groupId, settings.clientId].includes(username.reveal())
  return isNamed ? [password] : [username, password]
}
