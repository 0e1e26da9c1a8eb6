/** The connection to a ClickHouse server, with every setting pinned on which exactness depends. */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { rootCertificates } from 'node:tls'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type {
  ClickHouseClient,
  ClickHouseSettings as ServerSettings,
  ClickHouseClientConfigOptions,
} from '@clickhouse/client'
import { z } from 'zod'
import { redactor } from '../log.ts'
import type { Redact } from '../log.ts'
import { Secret } from '../secret.ts'
import { clickHouseErrorOf } from './clickhouse-error.ts'
import type { Database, QueryParams } from './database.ts'
import { identifier } from './identifier.ts'
import { encodeBlock } from './native.ts'
import type { ClickHouseSettings } from './settings.ts'

/** More rows than any block, and than any block times its dimensions, has: so nothing is cut. */
const UNCUT_ROWS = 100_000_000

/**
 * Every insert carries these, whatever the server's profiles say. A token covers a block as it is cut, for the table
 * and for each view's target; a retry that is cut otherwise would be stored twice.
 */
const INSERT_SETTINGS: ServerSettings = {
  insert_deduplicate: 1,
  // Views' targets drop what they have and take what they lack.
  deduplicate_blocks_in_dependent_materialized_views: 1,
  // 26.x collects inserts by default and then ignores the token.
  async_insert: 0,
  // A block with more than 100 months of events would otherwise stop its partition for good.
  max_partitions_per_insert_block: '0',
  // One block in, one part out, in every view: all that a view's SELECT gives is put together again.
  max_insert_block_size: String(UNCUT_ROWS),
  min_insert_block_size_rows: String(UNCUT_ROWS),
  min_insert_block_size_bytes: '0',
  min_insert_block_size_rows_for_materialized_views: String(UNCUT_ROWS),
  min_insert_block_size_bytes_for_materialized_views: '0',
  // The same for INSERT ... SELECT: a sorted result comes in one block, not in pieces with tokens of their own.
  max_block_size: '1048449',
  max_insert_threads: '1',
  parallel_view_processing: 0,
  materialized_views_ignore_errors: 0,
  optimize_on_insert: 1,
  // Our String becomes the table's LowCardinality(String).
  input_format_native_allow_types_conversion: 1,
  wait_end_of_query: 1,
}

function insertSettings(insertToken: string): ServerSettings {
  return { ...INSERT_SETTINGS, insert_deduplication_token: insertToken }
}

const QUERY_SETTINGS: ServerSettings = {
  // RFC 3339 with Z.
  date_time_output_format: 'iso',
  // Offsets and counts fit into a number.
  output_format_json_quote_64bit_integers: 0,
  // What a join does not find is '', 0 or 1970.
  join_use_nulls: 0,
  // An error in the middle of a result would otherwise follow a status 200.
  wait_end_of_query: 1,
}

interface Access {
  readonly url: string
  readonly user: string
  readonly password: string
  readonly secrets: readonly Secret[]
}

/** Takes user info out of the URL; settings of their own win over it. */
function accessOf(settings: ClickHouseSettings): Access {
  const text = settings.url?.reveal()
  const url = text === undefined ? null : URL.parse(text)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new TypeError('clickhouse.url must be an http or https address')
  const user = settings.user ?? (decodeURIComponent(url.username) || 'default')
  const password = settings.password?.reveal() ?? decodeURIComponent(url.password)
  const secrets = [url.href, text ?? '', password, `${user}:${password}`]
  // A user called like the database says nothing, and hiding it would make every message about a table unreadable.
  if (user !== settings.database && user !== 'default') secrets.push(user)
  return {
    url: url.origin + url.pathname.replace(/\/$/, ''),
    user,
    password,
    secrets: secrets.filter((secret) => secret !== '').map((secret) => new Secret(secret)),
  }
}

/** The library wants an authority beside a client certificate; without a file these are the system's own. */
function tlsOf(settings: ClickHouseSettings): { tls?: NonNullable<ClickHouseClientConfigOptions['tls']> } {
  const { caFile, certFile, keyFile } = settings.tls
  if (caFile === undefined && certFile === undefined) return {}
  const ca_cert = caFile === undefined ? Buffer.from(rootCertificates.join('\n')) : readFileSync(caFile)
  if (certFile === undefined || keyFile === undefined) return { tls: { ca_cert } }
  return { tls: { ca_cert, cert: readFileSync(certFile), key: readFileSync(keyFile) } }
}

function connect(settings: ClickHouseSettings, access: Access, database: string): ClickHouseClient {
  const { origin, pathname } = new URL(access.url)
  return createClient({
    url: origin,
    ...(pathname === '/' ? {} : { pathname }),
    username: access.user,
    password: access.password,
    database,
    application: 'tokenwatch',
    request_timeout: settings.requestTimeoutMs,
    max_open_connections: settings.connectionsMax,
    // Long lists of ids do not fit into a URL.
    use_multipart_params_auto: true,
    // The library's own log would print URLs.
    log: { level: ClickHouseLogLevel.OFF },
    ...tlsOf(settings),
  })
}

/**
 * Connects and asks for the version. The database itself may still be missing: `create` makes it.
 * @throws ClickHouseError where there is no answer or the credentials are refused.
 */
export async function openDatabase(settings: ClickHouseSettings): Promise<Database> {
  const access = accessOf(settings)
  const redact = redactor(access.secrets)
  // `system` is there before our database is.
  const system = connect(settings, access, 'system')
  try {
    const [row] = await select(system, redact, 'SELECT version() AS version', {}, z.object({ version: z.string() }))
    const ours = connect(settings, access, settings.database)
    return databaseOf(settings.database, row!.version, { ours, system, redact })
  } catch (error) {
    await system.close()
    throw error
  }
}

/** The two clients of one server: one for our database, one for what happens outside of it. */
interface Clients {
  readonly ours: ClickHouseClient
  readonly system: ClickHouseClient
  readonly redact: Redact
}

function databaseOf(name: string, version: string, clients: Clients): Database {
  const { ours, system, redact } = clients
  const close = async (): Promise<void> => {
    await Promise.all([ours.close(), system.close()])
  }
  return {
    name,
    version,
    query: (sql, params, rowSchema, signal) => select(ours, redact, sql, params, rowSchema, signal),
    stream: (sql, params, signal) => streamed(ours, redact, sql, params, signal),
    async command(sql, params = {}, { insertToken, signal } = {}) {
      checkParameters(params)
      await guarded(redact, signal, () =>
        ours.command({
          query: sql,
          query_params: params,
          clickhouse_settings: insertToken === undefined ? { wait_end_of_query: 1 } : insertSettings(insertToken),
          ...(signal ? { abort_signal: signal } : {}),
        }),
      )
    },
    async insert(table, columns, rows, insertToken, signal) {
      if (rows === 0) return
      const block = encodeBlock(columns, rows)
      const names = columns.map((column) => identifier(column.name)).join(', ')
      await guarded(redact, signal, async () => {
        const { stream } = await ours.exec({
          query: `INSERT INTO ${identifier(table)} (${names}) FORMAT Native`,
          values: Readable.from([block], { objectMode: false }),
          clickhouse_settings: insertSettings(insertToken),
          ...(signal ? { abort_signal: signal } : {}),
        })
        await stream.resume().toArray()
      })
    },
    async ping(signal) {
      await select(system, redact, 'SELECT 1 AS one', {}, z.object({ one: z.literal(1) }), signal)
    },
    create: () => createDatabase(name, clients),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** A user who may not create databases is fine with one that is there. */
async function createDatabase(name: string, { system, redact }: Clients): Promise<void> {
  const sql = 'SELECT name FROM system.databases WHERE name = {name: String}'
  const found = await select(system, redact, sql, { name }, z.object({ name: z.string() }))
  if (found.length > 0) return
  await guarded(redact, undefined, () => system.command({ query: `CREATE DATABASE IF NOT EXISTS ${identifier(name)}` }))
}

/** A server refuses a longer field by default (http_max_field_value_size), before any setting of the query counts. */
const PARAMETER_BYTES_MAX = 131_072

function checkParameters(params: QueryParams): void {
  for (const [name, value] of Object.entries(params)) {
    if (Buffer.byteLength(JSON.stringify(value) ?? '') > PARAMETER_BYTES_MAX)
      throw new RangeError(`query parameter ${name} is longer than ${PARAMETER_BYTES_MAX} bytes: ask in batches`)
  }
}

async function select<T>(
  client: ClickHouseClient,
  redact: Redact,
  sql: string,
  params: QueryParams,
  rowSchema: z.ZodType<T>,
  signal?: AbortSignal,
): Promise<T[]> {
  checkParameters(params)
  const rows = await guarded(redact, signal, async () => {
    const result = await client.query({
      query: sql,
      query_params: params,
      format: 'JSONEachRow',
      clickhouse_settings: QUERY_SETTINGS,
      ...(signal ? { abort_signal: signal } : {}),
    })
    return result.json<unknown>()
  })
  return z.array(rowSchema).parse(rows)
}

const STREAM_SETTINGS: ServerSettings = {
  // To sort may take longer than a request may be silent.
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '10000',
  // A larger result than this is sorted on disk.
  max_bytes_before_external_sort: String(256 * 2 ** 20),
  // Whoever reads may be slower than the server.
  http_send_timeout: 3_600,
}

async function* streamed(
  client: ClickHouseClient,
  redact: Redact,
  sql: string,
  params: QueryParams,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  checkParameters(params)
  const { stream } = await guarded(redact, signal, () =>
    client.exec({
      query: sql,
      query_params: params,
      clickhouse_settings: STREAM_SETTINGS,
      ...(signal ? { abort_signal: signal } : {}),
    }),
  )
  try {
    yield* stream as AsyncIterable<Uint8Array>
  } catch (error) {
    signal?.throwIfAborted()
    throw clickHouseErrorOf(error, redact)
  } finally {
    stream.destroy()
  }
}

/** The one place where an error of the library is seen. */
async function guarded<T>(redact: Redact, signal: AbortSignal | undefined, request: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted()
  try {
    return await request()
  } catch (error) {
    signal?.throwIfAborted()
    throw clickHouseErrorOf(error, redact)
  }
}
