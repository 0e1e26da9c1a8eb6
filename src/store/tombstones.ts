/** What tokens are to forget, as ClickHouse keeps it. Rows are only added. */
import { z } from 'zod'
import type { TokenTombstone } from '../alert/actions.ts'
import type { TokenId } from '../event.ts'
import { DIMENSIONS } from '../profile/dimension.ts'
import type { Database } from './database.ts'
import { serverTimeMs } from './registry.ts'
import { columnsOf } from './rows.ts'

const tombstoneRow = z
  .object({
    token_id: z.string().transform((id) => id as TokenId),
    dimension: z.enum(['', ...DIMENSIONS]),
    prefix: z.string(),
    before_ms: z.number(),
    at_ms: z.number(),
  })
  .transform(({ token_id, dimension, prefix, before_ms, at_ms }): TokenTombstone => {
    return { tokenId: token_id, dimension, prefix, beforeMs: before_ms, atMs: at_ms }
  })

/** Those that had been written by a time of the server's clock. */
export function readTombstones(db: Database, atMs: number): Promise<TokenTombstone[]> {
  return db.query(
    `SELECT token_id, dimension, prefix, toUnixTimestamp64Milli(before_time) AS before_ms,
       toUnixTimestamp64Milli(written_at) AS at_ms
     FROM tombstones FINAL
     WHERE written_at <= fromUnixTimestamp64Milli({at: Int64})`,
    { at: atMs },
    tombstoneRow,
  )
}

export interface NewTombstones {
  readonly tokenId: TokenId
  /** Of each the dimension and the topmost levels; '' and '' for the whole token. */
  readonly values: readonly Pick<TokenTombstone, 'dimension' | 'prefix'>[]
  readonly actor: string
  readonly note: string
}

/**
 * Writes tombstones, all of one time.
 * @param beforeMs event time up to which is forgotten, by the server's time.
 * @returns that event time.
 */
export async function writeTombstones(
  db: Database,
  { tokenId, values, actor, note }: NewTombstones,
  beforeMs: (nowMs: number) => number,
): Promise<number> {
  const nowMs = await serverTimeMs(db)
  const { text, time } = columnsOf(values)
  const columns = [
    text('token_id', () => tokenId),
    text('dimension', ({ dimension }) => dimension),
    text('prefix', ({ prefix }) => prefix),
    time('before_time', () => beforeMs(nowMs)),
    text('actor', () => actor),
    text('note', () => note),
    time('written_at', () => nowMs),
  ]
  await db.insert('tombstones', columns, values.length, `tombstones/${crypto.randomUUID()}`)
  return beforeMs(nowMs)
}
