/** Which tokens are there, what are they used for, and which need a look? Questions to the view token_inventory. */
import { z } from 'zod'
import type { Database } from './database.ts'

/** What the view may say of a token. */
export const TOKEN_FLAGS = [
  'unregistered',
  'ownerless',
  'never_used',
  'unused_30d',
  'expired',
  'revoked',
  'leaked',
  'no_expiry',
  'broad',
  'unused_scopes',
  'rotation_overdue',
  'superseded',
  'several_services',
] as const
export type TokenFlag = (typeof TOKEN_FLAGS)[number]

/** Times are RFC 3339, '' for none. */
const time = z.iso.datetime().transform((text) => (Date.parse(text) === 0 ? '' : text))

const inventoryRow = z.object({
  token_id: z.string(),
  is_registered: z.number().transform((flag) => flag === 1),
  name: z.string(),
  owner: z.string(),
  tenant: z.string(),
  service: z.string(),
  environment: z.string(),
  scopes: z.array(z.string()),
  created_at: time,
  expires_at: time,
  revoked_at: time,
  compromised_at: time,
  rotated_from: z.string(),
  successor: z.string(),
  age_days: z.number(),
  first_used: time,
  last_used: time,
  calls_30d: z.number(),
  services: z.array(z.string()),
  networks: z.array(z.string()),
  clients: z.array(z.string()),
  scopes_unused: z.array(z.string()),
  flags: z.array(z.enum(TOKEN_FLAGS)),
})
export type InventoryRow = z.infer<typeof inventoryRow>

export interface InventoryFilter {
  /** All of them. */
  readonly flags: readonly TokenFlag[]
  /** Not used for so long, by the server's clock; 0: whatever its use. */
  readonly unusedMs: number
  /** Expires within so long; 0: whenever. */
  readonly expiringMs: number
  readonly limit: number
}

/** Longest unused first, never used ones before all. */
export function listInventory(db: Database, filter: InventoryFilter): Promise<InventoryRow[]> {
  return db.query(
    `SELECT * FROM token_inventory
     WHERE hasAll(flags, {flags: Array(String)})
       AND ({unused: UInt64} = 0
         OR greatest(last_used, created_at) < fromUnixTimestamp64Milli(toUnixTimestamp64Milli(now64(3)) - toInt64({unused: UInt64})))
       AND ({expiring: UInt64} = 0
         OR (expires_at > now64(3)
           AND expires_at <= fromUnixTimestamp64Milli(toUnixTimestamp64Milli(now64(3)) + toInt64({expiring: UInt64}))))
     ORDER BY last_used, token_id
     LIMIT {limit: UInt32}`,
    { flags: filter.flags, unused: filter.unusedMs, expiring: filter.expiringMs, limit: filter.limit },
    inventoryRow,
  )
}

const useRow = z.object({
  calls: z.number(),
  accepted: z.number(),
  first_at: time,
  last_at: time,
  sources: z.array(z.string()),
})
export type TokenUse = z.infer<typeof useRow>

const SOURCES_MAX = 10

/** What a token was used for since then, as far as events are kept. */
export async function useSince(db: Database, tokenId: string, sinceMs: number): Promise<TokenUse> {
  const rows = await db.query(
    `SELECT count() AS calls, countIf(status < 400) AS accepted, min(time) AS first_at, max(time) AS last_at,
       topKIf(${SOURCES_MAX})(if(country = '', ip, concat(ip, ' ', country)), ip != '') AS sources
     FROM events WHERE token_id = {token: String} AND time >= fromUnixTimestamp64Milli({since: Int64})`,
    { token: tokenId, since: sinceMs },
    useRow,
  )
  return rows[0] as TokenUse
}

/** Whether it is registered, or was ever used. */
export async function isKnownToken(db: Database, tokenId: string): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 AS one FROM tokens WHERE token_id = {token: String} LIMIT 1
     UNION ALL SELECT 1 AS one FROM token_activity_hour WHERE token_id = {token: String} LIMIT 1`,
    { token: tokenId },
    z.object({ one: z.number() }),
  )
  return rows.length > 0
}
