/** What was handed on to tokens that were rotated in? Taken once for each of them, and then it holds. */
import { z } from 'zod'
import type { TokenId } from '../event.ts'
import { DIMENSIONS } from '../profile/dimension.ts'
import type { Handover } from '../profile/handover.ts'
import type { Database } from './database.ts'
import { columnsOf } from './rows.ts'

const hourSchema = z.object({
  hour: z.number(),
  learned: z.number(),
  held: z.number(),
  bytes: z.number(),
  refused: z.number(),
  unauthenticated: z.number(),
  limited: z.number(),
  networkTurns: z.number(),
  addressTurns: z.number(),
})

const bodySchema = z.object({
  nowMs: z.number(),
  values: z.array(
    z.object({
      dimension: z.enum(DIMENSIONS),
      value: z.string(),
      enteredAtMs: z.number(),
      lastMs: z.number(),
      days: z.array(z.number()),
    }),
  ),
  workedDays: z.array(z.tuple([z.number(), z.number()])),
  hours: z.array(hourSchema),
})

/** Of those of the tokens that were given something. */
export async function readHandovers(
  db: Database,
  tokenIds: readonly TokenId[],
): Promise<ReadonlyMap<TokenId, Handover>> {
  const rows = await db.query(
    `SELECT token_id, argMin(body, taken_at) AS first FROM handovers
     WHERE token_id IN {tokens: Array(String)} GROUP BY token_id`,
    { tokens: tokenIds },
    z.object({ token_id: z.string(), first: z.string() }),
  )
  return new Map(rows.map((row) => [row.token_id as TokenId, bodySchema.parse(JSON.parse(row.first))]))
}

/** Keeps it, unless another process was first: whose it then is. */
export async function keepHandover(
  db: Database,
  tokenId: TokenId,
  predecessor: TokenId,
  createdAtMs: number,
  handover: Handover,
): Promise<Handover> {
  const { text, time } = columnsOf([JSON.stringify(handover)])
  const columns = [
    text('token_id', () => tokenId),
    text('predecessor', () => predecessor),
    time('created_at', () => createdAtMs),
    text('body', (json) => json),
    time('taken_at', () => Date.now()),
  ]
  await db.insert('handovers', columns, 1, `handovers/${tokenId}`)
  return (await readHandovers(db, [tokenId])).get(tokenId) ?? handover
}
