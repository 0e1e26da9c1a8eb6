/** What every field of an event goes through first: absence, well-formed text, lengths and numbers. */

/** A wrong optional field is dropped and counted under one of these names, which are a metric's labels. */
export const DROPPABLE_FIELDS = [
  'ip',
  'method',
  'path',
  'route',
  'operation',
  'status',
  'error_code',
  'user_agent',
  'token_name',
  'tenant',
  'service',
  'region',
  'environment',
  'id',
  'bytes_in',
  'bytes_out',
  'latency_ms',
] as const
export type DroppableField = (typeof DROPPABLE_FIELDS)[number]

/** What decoding tells its metrics. Names are from closed sets, never from events. */
export interface DecodeCounters {
  /** An optional field was of the wrong type or out of range. */
  fieldDropped(field: DroppableField): void
  /** Text stood in place of an address. */
  sourceTextSeen(): void
  /** A `token_id` looked like a credential and was fingerprinted. */
  tokenIdFingerprinted(): void
}

/**
 * A copy that stands alone. V8 makes a part of a text by pointing into the whole: what remembers ids or user agents would
 * keep up to 64 KiB alive for each.
 */
export function apart(part: string): string {
  return Buffer.from(part, 'utf16le').toString('utf16le')
}

const SLASH = 47
const DELETE = 127

/** Well-formed, trimmed and without NUL, which databases and terminals take badly. */
export function cleanText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed()
  const trimmed = (wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '') : wellFormed).trim()
  return trimmed.length * 2 < text.length ? apart(trimmed) : trimmed
}

/** `null`, blank text and `-` mean that the producer has no value. */
export function isAbsent(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (typeof value !== 'string') return false
  if (value === '') return true
  // Nearly every text begins with a letter, a digit or a slash: neither white space nor a dash.
  const first = value.charCodeAt(0)
  if (first >= SLASH && first < DELETE) return false
  const text = cleanText(value)
  return text === '' || text === '-'
}

/** Cuts to at most `charsMax` UTF-16 units, never inside a surrogate pair. */
export function cutText(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text
  const last = text.charCodeAt(charsMax - 1)
  return apart(text.slice(0, last >= 0xd800 && last <= 0xdbff ? charsMax - 1 : charsMax))
}

const DECIMAL = /^\d+(?:\.\d+)?$/

/** A number or its decimal text within [min, max]; undefined for anything else. */
export function numberWithin(value: unknown, min: number, max: number): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && value.length <= 32 && DECIMAL.test(value.trim())
        ? Number(value)
        : Number.NaN
  return number >= min && number <= max ? number : undefined
}
