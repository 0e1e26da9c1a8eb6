/** Ids for credentials: a keyed hash, so that who reads the tables can neither use nor guess a token. */
import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { TokenId } from '../event.ts'
import { stripScheme } from '../ingest/credential.ts'
import type { Fingerprinter, TokenIdentity } from '../ingest/token-identity.ts'
import type { Secret } from '../secret.ts'

const MEMO_ENTRIES_MAX = 20_000
/** Longer credentials are computed each time: the memo's size must not depend on what producers send. */
const MEMO_CREDENTIAL_CHARS_MAX = 2_048
const ID_CHARS = 26
/** RFC 4648, section 6, in lower case. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
/** Claims larger than this are no token's. */
const JWT_CHARS_MAX = 16_384
const JWT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/

/** @param memoEntriesMax credentials remembered, in memory only, the least recently used going first. */
export function createFingerprinter(key: Secret | undefined, memoEntriesMax = MEMO_ENTRIES_MAX): Fingerprinter {
  if (key === undefined) return { keyId: '', identify: () => undefined, fingerprint: () => undefined }
  const memo = new LRUCache<string, TokenIdentity>({ max: memoEntriesMax })
  const hmac = (text: string) => createHmac('sha256', key.reveal()).update(text)

  function idOf(text: string): TokenId {
    return `tok_${base32(hmac(text).digest()).slice(0, ID_CHARS)}` as TokenId
  }

  function identityOf(credential: string): TokenIdentity {
    const subject = jwtSubject(credential)
    return subject === undefined
      ? { tokenId: idOf(credential), tokenKind: 'fingerprint' }
      : { tokenId: idOf(subject), tokenKind: 'jwt' }
  }

  function identify(raw: string): TokenIdentity {
    const known = memo.get(raw)
    if (known) return known
    const identity = identityOf(stripScheme(raw))
    if (raw.length <= MEMO_CREDENTIAL_CHARS_MAX) memo.set(raw, identity)
    return identity
  }

  return {
    keyId: hmac('tokenwatch key id').digest('hex').slice(0, 8),
    identify,
    fingerprint: (credential) => identify(credential).tokenId,
  }
}

/**
 * Issuer and client of a JWT, so that the short-lived tokens of one client share one history. Nothing is verified: a
 * forged token can claim any client, as can any other entry in a log; the gateway that let it pass verified it.
 */
function jwtSubject(credential: string): string | undefined {
  if (credential.length > JWT_CHARS_MAX) return undefined
  const match = JWT.exec(credential)
  if (!match?.[1] || !match[2] || jsonObject(match[1]) === undefined) return undefined
  const claims = jsonObject(match[2])
  const issuer = claims?.['iss']
  const subject = [claims?.['client_id'], claims?.['azp'], claims?.['sub']].find(isText)
  if (!isText(issuer) || subject === undefined) return undefined
  return `jwt:${issuer.length}:${issuer}:${subject}`
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function jsonObject(base64url: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += BASE32[(value >>> bits) & 31]
    }
    value &= 0xff
  }
  return bits > 0 ? text + BASE32[(value << (5 - bits)) & 31] : text
}
