/** Which endpoint a call went to: the gateway's word for it, else a template made from the path. */
import { levelOf } from './level.ts'

const SEGMENTS_MAX = 8
const ROUTE_CHARS_MAX = 512
const ID = '{id}'

/** The gateway's route, else the operation, else a template of the path. */
export function routeOf(gatewayRoute: string, operation: string, path: string): string {
  if (gatewayRoute !== '') return levelOf(gatewayRoute)
  return levelOf(operation === '' ? templateOf(path) : operation)
}

/**
 * Replaces the segments that name one thing (numbers, UUIDs, hashes, prefixed and opaque ids, e-mail addresses) by
 * `{id}`. At most 8 segments; what follows is `*`. Words that look like ids are replaced too, which merges endpoints,
 * never splits one.
 */
export function templateOf(path: string): string {
  let template = ''
  let segments = 0
  let start = 0
  while (start <= path.length) {
    const slash = path.indexOf('/', start)
    const end = slash === -1 ? path.length : slash
    if (end > start) {
      if (++segments > SEGMENTS_MAX) return `${template}/*`
      template += `/${segmentOf(path.slice(start, end))}`
    }
    start = end + 1
  }
  return template === '' ? '/' : template.slice(0, ROUTE_CHARS_MAX).toWellFormed()
}

const EXTENSION = /^(.+)(\.[A-Za-z]{1,5}[0-9]?)$/
const PLAIN_WORD = /^[A-Za-z]{1,15}$/

function segmentOf(segment: string): string {
  if (PLAIN_WORD.test(segment)) return segment
  if (isId(segment)) return ID
  const match = EXTENSION.exec(segment)
  return match?.[1] && match[2] && isId(match[1]) ? `${ID}${match[2]}` : segment
}

const NUMERIC = /^[+-]?\d+(?:[-_.:,]\d+)*$/
/** `1.0` and `2.1` are versions of an API. */
const API_VERSION = /^\d{1,2}\.\d{1,2}$/
const UUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i
const HEX = /^(?:0x)?(?=[a-f]*\d)[0-9a-f]{8,}$/i
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i
/** `cus_9s6XKzkNRiz8i3`, `i-0abc1234`, `usr-123456`: a short word, then an id. */
const PREFIXED = /^[A-Za-z]{1,12}[_-](?:\d{3,}|(?=[A-Za-z]*\d)[0-9a-f]{6,}|(?=[A-Za-z]*\d)[A-Za-z0-9]{8,})$/
const EMAIL = /^[^@]+(?:@|%40)[^@]+\.[^@.]+$/
const PERCENT_ENCODED = /%[0-9A-Fa-f]{2}/
const DATE_TIME = /^\d{4}-\d\d-\d\dT/
const OPAQUE_CHARS_MIN = 16
const LONG_CHARS_MIN = 40
const MIXED_CHARS_MIN = 10
const MIXED_CASE = /^(?:[A-Za-z]{1,12}[_-])?(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])[A-Za-z0-9]{8,}$/
/** Words in camel case, maybe after a prefix or with a version: each capital begins a word or stands in an acronym. */
const CAMEL_CASE = /^(?:[a-z]+[_-])?(?:[A-Z]{2,}(?=[A-Z][a-z]|\d|$)|[A-Z]?[a-z]{2,}|[A-Z](?=[A-Z][a-z])|\d+v?)+$/

function isId(segment: string): boolean {
  if (NUMERIC.test(segment)) return !API_VERSION.test(segment)
  if (segment.startsWith('{')) return segment === '{redacted}' || UUID.test(segment)
  if (segment.length < 6) return EMAIL.test(segment) || PERCENT_ENCODED.test(segment)
  return (
    HEX.test(segment) ||
    UUID.test(segment) ||
    ULID.test(segment) ||
    PREFIXED.test(segment) ||
    (segment.length >= MIXED_CHARS_MIN && isMixed(segment)) ||
    EMAIL.test(segment) ||
    PERCENT_ENCODED.test(segment) ||
    DATE_TIME.test(segment) ||
    segment.length >= LONG_CHARS_MIN ||
    (segment.length >= OPAQUE_CHARS_MIN && isOpaque(segment))
  )
}

/** Capitals strewn among small letters, `id_QGQRAHcLjBcxhL`: some that begin no word. */
function isMixed(segment: string): boolean {
  return MIXED_CASE.test(segment) && !CAMEL_CASE.test(segment)
}

/** Digits strewn among letters: at least three of them, in at least two places. */
function isOpaque(segment: string): boolean {
  let digits = 0
  let runs = 0
  let wasDigit = false
  for (let i = 0; i < segment.length; i++) {
    const code = segment.charCodeAt(i)
    const isDigit = code >= 48 && code <= 57
    if (isDigit) {
      digits++
      if (!wasDigit) runs++
    }
    wasDigit = isDigit
  }
  return digits >= 3 && runs >= 2
}
