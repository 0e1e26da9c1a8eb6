/** The generated configuration of the embedded ClickHouse: who may do what, and that nobody else gets an answer. */
import { createHash } from 'node:crypto'

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface EmbeddedConfig {
  /** Absolute path of the file that holds `usersXml`. */
  readonly usersFile: string
  /** Absolute path of the server's own log. */
  readonly logFile: string
  readonly memoryBytesMax: number
  /** The database that both users may use; a trailing `*` stands for every name that begins so, for tests. */
  readonly database: string
  readonly owner: Credentials
  readonly analyst: Credentials
}

const DATABASE = /^[A-Za-z_][A-Za-z0-9_]{0,62}\*?$/
const MIB = 2 ** 20

/** Hard-wired in libchdb, without a password. */
export const SESSION_USER = 'default'

/**
 * The server's configuration.
 *
 * Loopback is open to every web page, and the session's user must exist without a password. So requests are answered by
 * two rules only: `/ping`, and queries whose Authorization header is one of the two users' and that no web page sent.
 * What rules cannot look at is a query's parameters, and `?user=` wins over the header: whoever has a password may
 * become the session's user. Hence that one may do nothing (`usersXml`).
 */
export function serverXml(config: EmbeddedConfig): string {
  const basic = [config.owner, config.analyst].map(basicToken).map(escapeRegex).join('|')
  return `<clickhouse>
  <logger><log>${escapeXml(config.logFile)}</log><size>10M</size><count>2</count></logger>
  <users_config>${escapeXml(config.usersFile)}</users_config>
  <max_server_memory_usage>${config.memoryBytesMax}</max_server_memory_usage>
  <mark_cache_size>${64 * MIB}</mark_cache_size>
  <http_handlers>
    <rule>
      <url>/ping</url>
      <methods>GET</methods>
      <handler><type>static</type><status>200</status><response_content>Ok.</response_content></handler>
    </rule>
    <rule>
      <headers>
        <Authorization>regex:^Basic (${basic})$</Authorization>
        <Origin>regex:^$</Origin>
      </headers>
      <handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler>
    </rule>
  </http_handlers>
</clickhouse>
`
}

/**
 * The users: tokenwatch owns its database and nothing else, the analyst reads it; neither may use files or URLs. The
 * session's user has one right, to start listening, and a quota of the two queries that it runs itself.
 */
export function usersXml(config: EmbeddedConfig): string {
  if (!DATABASE.test(config.database)) throw new RangeError('not a database name')
  return `<clickhouse>
  <profiles>
    <default/>
    <analyst>
      <readonly>1</readonly>
      <max_execution_time>60</max_execution_time>
      <max_memory_usage>${Math.floor(config.memoryBytesMax / 2)}</max_memory_usage>
    </analyst>
  </profiles>
  <quotas>
    <default/>
    <session><interval><duration>2147483647</duration><queries>2</queries></interval></session>
  </quotas>
  <users>
    <${SESSION_USER}>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>session</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
      </grants>
    </${SESSION_USER}>
${userXml(config.owner, 'default', [
  `GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP DATABASE, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE ON ${config.database}.*`,
  'GRANT TABLE ENGINE ON MergeTree, TABLE ENGINE ON ReplacingMergeTree, TABLE ENGINE ON AggregatingMergeTree',
  'GRANT SELECT ON system.parts',
  // Of the query that keeps the server alive; see embedded-child.ts.
  'GRANT KILL QUERY ON *.*',
  'GRANT SELECT ON system.processes',
])}
${userXml(config.analyst, 'analyst', [`GRANT SHOW, SELECT ON ${config.database}.*`])}
  </users>
</clickhouse>
`
}

function userXml(credentials: Credentials, profile: string, grants: readonly string[]): string {
  const hash = createHash('sha256').update(credentials.password).digest('hex')
  return `    <${credentials.user}>
      <password_sha256_hex>${hash}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>${profile}</profile>
      <quota>default</quota>
      <grants>
${grants.map((grant) => `        <query>${grant}</query>`).join('\n')}
      </grants>
    </${credentials.user}>`
}

/** What follows `Basic ` in a header. */
export function basicToken({ user, password }: Credentials): string {
  return Buffer.from(`${user}:${password}`).toString('base64')
}

function escapeRegex(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, '\\$&')
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
