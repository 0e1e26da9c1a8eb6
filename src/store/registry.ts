/** The registry of tokens as ClickHouse keeps it: versions that are only added, so that any earlier state can be read. */
import { z } from 'zod'
import type { EventTimeMs, TokenId } from '../event.ts'
import type { ListedToken } from '../registry/changes.ts'
import { type RegisteredToken, type TokenRegistry, createRegistry } from '../registry/registered-token.ts'
import type { Database } from './database.ts'
import { columnsOf } from './rows.ts'

/** When the registry, or what people did, changed, and what the server's clock says. */
export interface ChangeTimes {
  readonly nowMs: number
  /** Ascending; each names a state. */
  readonly changesMs: readonly number[]
}

export async function registryTimes(db: Database): Promise<ChangeTimes> {
  const [row] = await db.query(
    `SELECT toUnixTimestamp64Milli(now64(3)) AS now_ms,
       arraySort(groupUniqArray(toUnixTimestamp64Milli(written_at))) AS changes_ms
     FROM (SELECT DISTINCT written_at FROM tokens UNION DISTINCT SELECT DISTINCT written_at FROM token_marks)`,
    {},
    z.object({ now_ms: z.number(), changes_ms: z.array(z.number()) }),
  )
  return { nowMs: row?.now_ms ?? 0, changesMs: row?.changes_ms ?? [] }
}

/** By the server's clock, so that whoever writes agrees on what is later. */
export async function serverTimeMs(db: Database): Promise<number> {
  const sql = 'SELECT toUnixTimestamp64Milli(now64(3)) AS now_ms'
  const [row] = await db.query(sql, {}, z.object({ now_ms: z.number() }))
  return row?.now_ms ?? 0
}

const time = z.number().transform((ms) => ms as EventTimeMs)

const tokenRow = z
  .object({
    token_id: z.string().transform((id) => id as TokenId),
    source: z.string(),
    name: z.string(),
    owner: z.string(),
    tenant: z.string(),
    service: z.string(),
    scopes: z.array(z.string()),
    environment: z.string(),
    created_at_ms: time,
    expires_at_ms: time,
    revoked_at_ms: time,
    compromised_at_ms: time,
    rotated_from: z.string().transform((id) => id as TokenId | ''),
  })
  .transform((row): ListedToken => ({
    source: row.source,
    token: {
      tokenId: row.token_id,
      name: row.name,
      owner: row.owner,
      tenant: row.tenant,
      service: row.service,
      scopes: row.scopes,
      environment: row.environment,
      createdAtMs: row.created_at_ms,
      expiresAtMs: row.expires_at_ms,
      revokedAtMs: row.revoked_at_ms,
      compromisedAtMs: row.compromised_at_ms,
      rotatedFrom: row.rotated_from,
    },
  }))

const markRow = z.object({ token_id: z.string(), compromised_at_ms: z.number() })

/** The latest version of each token that was written until then. */
const TOKENS_SQL = `
SELECT token_id, source, name, owner, tenant, service, scopes, environment,
  toUnixTimestamp64Milli(created_at) AS created_at_ms, toUnixTimestamp64Milli(expires_at) AS expires_at_ms,
  toUnixTimestamp64Milli(revoked_at) AS revoked_at_ms, toUnixTimestamp64Milli(compromised_at) AS compromised_at_ms,
  rotated_from
FROM (
  SELECT * FROM tokens FINAL WHERE written_at <= fromUnixTimestamp64Milli({at: Int64})
  ORDER BY token_id, written_at DESC LIMIT 1 BY token_id
) WHERE removed = 0`

const MARKS_SQL = `
SELECT token_id, toUnixTimestamp64Milli(compromised_at) AS compromised_at_ms
FROM (
  SELECT * FROM token_marks FINAL WHERE written_at <= fromUnixTimestamp64Milli({at: Int64})
  ORDER BY token_id, written_at DESC LIMIT 1 BY token_id
) WHERE compromised_at_ms > 0`

/** The registered tokens as they stood at a time of the server's clock, without marks. */
export function readTokensAt(db: Database, atMs: number): Promise<ListedToken[]> {
  return db.query(TOKENS_SQL, { at: atMs }, tokenRow)
}

/** The registry as it stood at a time of the server's clock. */
export async function loadRegistry(db: Database, atMs: number): Promise<TokenRegistry> {
  const [tokens, marks] = await Promise.all([readTokensAt(db, atMs), db.query(MARKS_SQL, { at: atMs }, markRow)])
  return createRegistry(
    tokens.map(({ token }) => token),
    new Map(marks.map((mark) => [mark.token_id as TokenId, mark.compromised_at_ms])),
  )
}

/** A version of a token: as its source has it, or gone from it. */
export interface TokenVersion extends ListedToken {
  readonly isRemoved: boolean
}

/** Writes versions in one insert, all of one time: the server's, which is returned. */
export async function writeTokens(db: Database, versions: readonly TokenVersion[]): Promise<number> {
  const nowMs = await serverTimeMs(db)
  if (versions.length === 0) return nowMs
  const { text, texts, number, time } = columnsOf(versions)
  const of = (read: (token: RegisteredToken) => number) => (version: TokenVersion) => read(version.token)
  const columns = [
    text('token_id', ({ token }) => token.tokenId),
    time('written_at', () => nowMs),
    number('removed', 'UInt8', ({ isRemoved }) => (isRemoved ? 1 : 0)),
    text('source', ({ source }) => source),
    text('name', ({ token }) => token.name),
    text('owner', ({ token }) => token.owner),
    text('tenant', ({ token }) => token.tenant),
    text('service', ({ token }) => token.service),
    texts('scopes', ({ token }) => token.scopes),
    text('environment', ({ token }) => token.environment),
    time(
      'created_at',
      of((token) => token.createdAtMs),
    ),
    time(
      'expires_at',
      of((token) => token.expiresAtMs),
    ),
    time(
      'revoked_at',
      of((token) => token.revokedAtMs),
    ),
    time(
      'compromised_at',
      of((token) => token.compromisedAtMs),
    ),
    text('rotated_from', ({ token }) => token.rotatedFrom),
  ]
  await db.insert('tokens', columns, versions.length, `tokens/${crypto.randomUUID()}`)
  return nowMs
}

export interface TokenMark {
  readonly tokenId: TokenId
  /** 0 takes an earlier mark back. */
  readonly compromisedAtMs: number
  readonly actor: string
  readonly note: string
}

/** Returns when it was written, by the server's clock. */
export async function writeMark(db: Database, mark: TokenMark): Promise<number> {
  const nowMs = await serverTimeMs(db)
  const { text, time } = columnsOf([mark])
  const columns = [
    text('token_id', ({ tokenId }) => tokenId),
    time('written_at', () => nowMs),
    time('compromised_at', ({ compromisedAtMs }) => compromisedAtMs),
    text('actor', ({ actor }) => actor),
    text('note', ({ note }) => note),
  ]
  await db.insert('token_marks', columns, 1, `token_marks/${crypto.randomUUID()}`)
  return nowMs
}
