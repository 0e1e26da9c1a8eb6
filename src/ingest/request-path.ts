/** The path of a call, fit to be stored: without host, query and secrets. */
import { holdsCredential, isRandomText } from './credential.ts'

export const REDACTED_SEGMENT = '{redacted}'

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
  if (!mayHoldSecret(path)) return path
  const segments = path.split('/')
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i] ?? ''
    if (isSecretSegment(segment, segments[i - 1] ?? '')) segments[i] = REDACTED_SEGMENT
  }
  return segments.join('/')
}

function before(text: string, mark: string): string {
  const at = text.indexOf(mark)
  return at === -1 ? text : text.slice(0, at)
}

/** Every secret segment is at least 12 characters long; most paths have none so long. */
function mayHoldSecret(path: string): boolean {
  let start = 0
  while (start < path.length) {
    const slash = path.indexOf('/', start)
    const end = slash === -1 ? path.length : slash
    if (end - start >= 12) return true
    start = end + 1
  }
  return false
}

function isSecretSegment(segment: string, before: string): boolean {
  if (segment.length < 12) return false
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
