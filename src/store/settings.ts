/** Settings of the store: which ClickHouse, how to reach it, and how long rows are kept. */
import { z } from 'zod'
import { address, count, durationMs, secret } from '../settings.ts'

const DATABASE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/** ClickHouse counts a TTL in seconds of 32 bits, which end in 2106: beyond, it would wrap and delete everything. */
const DAYS_MAX = 18_250

function days(description: string) {
  return count(description).max(DAYS_MAX)
}

export const clickhouseSettings = z.strictObject({
  url: secret(
    'http(s) address of a ClickHouse server, such as https://clickhouse.example:8443; it may carry user info. Absent: an embedded ClickHouse in dataDir.',
  )
    .refine(
      (url) => ['http:', 'https:'].includes(URL.parse(url.reveal())?.protocol ?? ''),
      'expected an http or https address',
    )
    .optional(),
  user: address('User of the server; wins over user info in the URL.').optional(),
  password: secret('Password of that user; wins over user info in the URL.').optional(),
  database: z
    .string()
    .regex(DATABASE_NAME, 'letters, digits and underscores, not starting with a digit')
    .default('tokenwatch')
    .meta({ description: 'Database that holds all tables.', env: true }),
  tls: z
    .strictObject({
      caFile: address('PEM file with the authorities to trust instead of the system ones.').optional(),
      certFile: address('PEM file with the client certificate; needs keyFile.').optional(),
      keyFile: address('PEM file with the key of the client certificate; needs certFile.').optional(),
    })
    .refine((tls) => (tls.certFile === undefined) === (tls.keyFile === undefined), {
      error: 'certFile and keyFile go together',
    })
    .prefault({})
    .describe('TLS for https addresses.'),
  migrateAtStart: z
    .boolean()
    .default(false)
    .describe('Let `run` bring the schema of a server up to date. The embedded database always is.'),
  requestTimeoutMs: durationMs('A request without an answer for this long has failed and is tried again.').default(
    60_000,
  ),
  connectionsMax: count('Connections to the server at a time.').default(10),
  dataDir: z
    .string()
    .min(1)
    .default('.tokenwatch')
    .meta({ description: 'Directory of the embedded ClickHouse and of the file that tells where it is.', env: true }),
  embedded: z
    .strictObject({
      port: z.number().int().min(0).max(65_535).default(0).describe('Port on 127.0.0.1; 0 takes a free one.'),
      memoryBytesMax: count('Memory that the embedded ClickHouse may use.', 256 * 2 ** 20).default(2 ** 31),
    })
    .prefault({})
    .describe('Only where no url is given.'),
  retention: z
    .strictObject({
      eventsDays: days('Days for which events are kept after they were written.').default(90),
      deadLettersDays: days('Days for which dead letters are kept.').default(14),
      findingsDays: days('Days for which findings, alerts, deliveries and incident actions are kept.').default(400),
    })
    .prefault({})
    .describe('Retention goes by the time a row was written. Rollups are kept as long as they serve a profile.'),
})

export type ClickHouseSettings = z.infer<typeof clickhouseSettings>
