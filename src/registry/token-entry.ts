/** One entry of a list of tokens, checked: what the owners of a token say of it, without its credential. */
import { MASK, looksLikeCredential, maskShapes, maskThoroughly } from '../ingest/credential.ts'
import { cleanText, cutText, isAbsent } from '../ingest/field.ts'
import { parseTimestamp } from '../ingest/timestamp.ts'
import { type Fingerprinter, TOKEN_ID_CHARS_MAX, identifyToken, searchedCredential } from '../ingest/token-identity.ts'
import type { EventTimeMs, TokenId } from '../event.ts'
import { clip } from '../text.ts'
import type { RegisteredToken } from './registered-token.ts'
import type { Entry, FileProblem } from './token-text.ts'

/** Keys that mean something. Others are ignored, for inventories hold much that is no concern of ours. */
export const KNOWN_KEYS = [
  'token_id',
  'token',
  'name',
  'owner',
  'tenant',
  'service',
  'scopes',
  'environment',
  'created_at',
  'expires_at',
  'revoked_at',
  'compromised_at',
  'rotated_from',
] as const
type Key = (typeof KNOWN_KEYS)[number]

const TEXT_CHARS_MAX = 512
const SHOWN_CHARS_MAX = 60

/** A token, or all that is wrong with its entry. */
export function readEntry(
  entry: Entry,
  fingerprinter: Fingerprinter,
): { readonly token: RegisteredToken } | { readonly problems: readonly FileProblem[] } {
  const problems: FileProblem[] = []
  const raw = (key: Key) => (isAbsent(entry.fields.get(key)) ? undefined : entry.fields.get(key))
  const credential = searchedCredential(typeof raw('token') === 'string' ? (raw('token') as string) : '')
  const refuse = (key: Key, expected: string) => {
    const isSecret = key === 'token' || key === 'token_id' || key === 'rotated_from'
    problems.push({ line: entry.line, key, value: isSecret ? '' : shown(raw(key), credential), expected })
  }
  const plain = (key: Key): string => {
    const value = raw(key)
    if (value === undefined) return ''
    if (typeof value === 'string') return cutText(withoutSecrets(cleanText(value), credential), TEXT_CHARS_MAX)
    if (typeof value === 'number') return String(value)
    refuse(key, 'text')
    return ''
  }
  const time = (key: Key): EventTimeMs => {
    const ms = timeOf(raw(key), key === 'expires_at')
    if (ms === undefined) refuse(key, 'a time such as 2026-03-01T00:00:00Z, a date, or epoch seconds')
    return (ms ?? 0) as EventTimeMs
  }
  const scopes = (): readonly string[] => {
    const found = scopesOf(raw('scopes'))
    if (found === undefined) refuse('scopes', 'a list of texts')
    return (found ?? []).map((scope) => withoutSecrets(scope, credential))
  }

  const token: RegisteredToken = {
    tokenId: identityOf(raw('token_id'), raw('token'), fingerprinter, refuse),
    name: plain('name'),
    owner: plain('owner'),
    tenant: plain('tenant'),
    service: plain('service'),
    scopes: scopes(),
    environment: plain('environment'),
    createdAtMs: time('created_at'),
    expiresAtMs: time('expires_at'),
    revokedAtMs: time('revoked_at'),
    compromisedAtMs: time('compromised_at'),
    rotatedFrom: predecessorOf(raw('rotated_from'), raw('token_id') === undefined, fingerprinter, refuse),
  }
  return problems.length > 0 ? { problems } : { token }
}

type Refuse = (key: Key, expected: string) => void

function identityOf(id: unknown, token: unknown, fingerprinter: Fingerprinter, refuse: Refuse): TokenId {
  const fields = { tokenId: idText(id), token: typeof token === 'string' ? cleanText(token) : undefined }
  if (fields.tokenId === undefined && id !== undefined) refuse('token_id', 'text')
  else if (fields.token === undefined && token !== undefined) refuse('token', 'text')
  else {
    const known = { tokenId: fields.tokenId ?? '', token: fields.token ?? '' }
    const identity = identifyToken(known, fingerprinter, () => {})
    if (typeof identity === 'object') return identity.tokenId
    const key = id === undefined ? 'token' : 'token_id'
    if (identity === 'missing') refuse('token_id', 'an id, or the credential itself as token')
    else if (identity === 'too-long') refuse(key, `at most ${TOKEN_ID_CHARS_MAX} characters`)
    else refuse(key, 'the id that events carry: without enrich.fingerprintKey no credential can be turned into one')
  }
  return '' as TokenId
}

/** Ids of numbers are ids too. */
function idText(value: unknown): string | undefined {
  return typeof value === 'string' ? cleanText(value) : typeof value === 'number' ? String(value) : undefined
}

const FINGERPRINT = /^tok_[a-z2-7]{26}$/

/** @param isRaw where an entry gives its credential, it gives its predecessor's too, unless that is an id of ours. */
function predecessorOf(value: unknown, isRaw: boolean, fingerprinter: Fingerprinter, refuse: Refuse): TokenId | '' {
  if (value === undefined) return ''
  const text = idText(value)
  if (text === undefined || text.length > TOKEN_ID_CHARS_MAX) {
    refuse('rotated_from', `the id of another token, at most ${TOKEN_ID_CHARS_MAX} characters`)
    return ''
  }
  if (!looksLikeCredential(text) && (!isRaw || FINGERPRINT.test(text))) return text as TokenId
  const identity = fingerprinter.identify(text)
  if (identity === undefined) refuse('rotated_from', 'an id; a credential needs enrich.fingerprintKey')
  return identity?.tokenId ?? ''
}

/** The entry's own credential wherever it stands, and others by their shape. */
function withoutSecrets(text: string, credential: string): string {
  return maskShapes(credential === '' ? text : text.replaceAll(credential, MASK))
}

function shown(value: unknown, credential: string): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return clip(maskThoroughly(withoutSecrets(text, credential)), SHOWN_CHARS_MAX)
}

/** A list, or text with spaces, commas or semicolons between the scopes. */
function scopesOf(value: unknown): readonly string[] | undefined {
  if (value === undefined) return []
  const texts: readonly unknown[] =
    typeof value === 'string' ? value.split(/[\s,;]+/) : Array.isArray(value) ? value : [0]
  if (!texts.every((text) => typeof text === 'string')) return undefined
  return [...new Set(texts.map((text) => cutText(cleanText(text), TEXT_CHARS_MAX)).filter((text) => text !== ''))]
}

/** What programs write for a time that never comes, or never was. */
const NEVER = /^(?:never|none|null|n\/a|0001-01-01(?:T00:00:00Z?)?)$/i
/** A date, or a time without an offset or with one in hours; both are common in exports of databases. */
const LOOSE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:[.,]\d+)?)?)?(?: ?(?:UTC|GMT|Z)| ?([+-]\d\d))?$/i
/** No token lives so long: a year such as 9999 means that it never expires. */
const ENDLESS_MS = Date.UTC(2200, 0, 1)

/**
 * Milliseconds since 1970, 0 for none, undefined for what is no time. As in events, and also a date, which is its
 * midnight, and a time without an offset; both are UTC. A far future is none where `mayBeEndless`.
 */
export function timeOf(value: unknown, mayBeEndless = false): number | undefined {
  if (value === undefined || (typeof value === 'string' && NEVER.test(value.trim()))) return 0
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const ms = parseTimestamp(typeof value === 'string' ? strict(value.trim()) : value)
  if (ms === undefined || ms < ENDLESS_MS) return ms
  return mayBeEndless ? 0 : undefined
}

function strict(text: string): string {
  const [, date, minutes = '00:00', seconds = ':00', hours] = LOOSE.exec(text) ?? []
  return date === undefined ? text : `${date}T${minutes}${seconds}${hours === undefined ? 'Z' : `${hours}:00`}`
}
