/** The path of a call, fit to be stored: without host, query and secrets. */
import { holdsCredential, isRandomText } from './credential.ts'

export const REDACTED_SEGMENT = '{redacted}'
/** A shorter segment is no secret. */
const SECRET_CHARS_MIN = 12
const SLASH = 47

/** 1 for what a plain path holds beside slashes, by character code. */
const PLAIN = new Uint8Array(128)
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/')
  PLAIN[character.charCodeAt(0)] = 1

const ORIGIN = /^[A-Za-z][A-Za-z0-9+.-]{0,15}:\/\/[^/?#]*/
const MATRIX_SECRET = /;(?:jsessionid|phpsessid|sid|session(?:[_-]?id)?|[a-z_-]{0,16}token|[a-z_-]{0,16}key)=[^;/]*/gi
/** What follows one of these is often the secret itself: links to reset, invite, confirm, sign in. */
const BEFORE_SECRET =
  /^(?:reset|password|password-reset|reset-password|invite|invitation|invites|verify|confirm|confirmation|activate|activation|unsubscribe|magic|magic-link|token|tokens|secret|secrets|key|keys|session|sessions|hook|hooks|webhook|webhooks)$/i
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Cuts origin, query and fragment; replaces segments that look like secrets by `{redacted}`. Never empty. */
export function normalisePath(raw: string): string {
  let path = raw.includes('://') ? raw.replace(ORIGIN, '') : raw
  path = before(before(path, '?'), '#')
  if (path === '') return '/'
  if (path.includes(';'))
    path = path.replace(MATRIX_SECRET, (match) => `;${match.slice(1, match.indexOf('='))}=${REDACTED_SEGMENT}`)
  return withoutSecretSegments(path)
}

/** A path that is fit to be stored but for its segments: a slash, then nothing but letters, digits and `-._~/`. */
export function isPlainPath(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) return false
  for (let at = 1; at < path.length; at++) if (PLAIN[path.charCodeAt(at)] !== 1) return false
  return true
}

/** Replaces segments that look like secrets by `{redacted}`. */
export function withoutSecretSegments(path: string): string {
  let safe = ''
  let kept = 0
  let before = 0
  for (let start = 0; start < path.length;) {
    const slash = path.indexOf('/', start)
    const end = slash === -1 ? path.length : slash
    // Most paths have no segment so long.
    if (end - start >= SECRET_CHARS_MIN && isSecretSegment(path.slice(start, end), path.slice(before, start - 1))) {
      safe += path.slice(kept, start) + REDACTED_SEGMENT
      kept = end
    }
    before = start
    start = end + 1
  }
  return kept === 0 ? path : safe + path.slice(kept)
}

function before(text: string, mark: string): string {
  const at = text.indexOf(mark)
  return at === -1 ? text : text.slice(0, at)
}

function isSecretSegment(segment: string, before: string): boolean {
  const text = segment.includes('%') ? decoded(segment) : segment
  if (holdsCredential(text) || isRandomText(text)) return true
  return (
    text.length >= 16 && BEFORE_SECRET.test(before) && /\d/.test(text) && /^[\w.~=-]+$/.test(text) && !UUID.test(text)
  )
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
