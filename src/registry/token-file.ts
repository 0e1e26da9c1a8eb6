/** Reads tokens from a file that the owners of the tokens keep. */
import { z } from 'zod'
import type { EventTimeMs, TokenId } from '../event.ts'
import type { RegisteredToken } from './registered-token.ts'

const text = z.string().nullish()
const time = z.string().nullish()

const entrySchema = z.object({
  token_id: z.string().min(1),
  name: text,
  owner: text,
  tenant: text,
  service: text,
  scopes: z.array(z.string()).nullish(),
  environment: text,
  created_at: time,
  expires_at: time,
  revoked_at: time,
  compromised_at: time,
  rotated_from: text,
})

/** Tokens of a JSON array; undefined when it is none. */
export function readTokens(json: string): RegisteredToken[] | undefined {
  const parsed = z.array(entrySchema).safeParse(parseJson(json))
  return parsed.success ? parsed.data.map(tokenOf) : undefined
}

export function tokenOf(entry: z.infer<typeof entrySchema>): RegisteredToken {
  return {
    tokenId: entry.token_id as TokenId,
    name: entry.name ?? '',
    owner: entry.owner ?? '',
    tenant: entry.tenant ?? '',
    service: entry.service ?? '',
    scopes: entry.scopes ?? [],
    environment: entry.environment ?? '',
    createdAtMs: timeMsOf(entry.created_at),
    expiresAtMs: timeMsOf(entry.expires_at),
    revokedAtMs: timeMsOf(entry.revoked_at),
    compromisedAtMs: timeMsOf(entry.compromised_at),
    rotatedFrom: (entry.rotated_from ?? '') as TokenId | '',
  }
}

function timeMsOf(text: string | null | undefined): EventTimeMs {
  const ms = text === null || text === undefined ? 0 : Date.parse(text)
  return (Number.isNaN(ms) ? 0 : ms) as EventTimeMs
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
