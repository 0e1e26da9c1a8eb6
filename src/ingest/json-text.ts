/** From bytes to a JSON object, refusing what would harm whoever reads it later. */
import { isJsonObject } from './formats/format.ts'
import type { JsonObject, Rejection } from './formats/format.ts'

export const NESTING_MAX = 64

export type ParsedText =
  | { readonly object: JsonObject }
  /** `parsed` is what the text held, where it was JSON at all. */
  | { readonly rejection: Rejection; readonly parsed?: unknown }

/** undefined for bytes that are not UTF-8. A byte order mark is dropped. */
export function createUtf8Decoder(): (bytes: Uint8Array) => string | undefined {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return (bytes) => {
    try {
      return decoder.decode(bytes)
    } catch {
      return undefined
    }
  }
}

/** Never throws and never recurses: V8 parses JSON iteratively, and so does the walk below. */
export function parseObject(text: string): ParsedText {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return text.trim() === ''
      ? reject('empty', 'expected one JSON object, got blank text')
      : reject('not-json', 'expected one JSON object')
  }
  if (!isJsonObject(parsed))
    return reject('not-an-object', `expected one JSON object, got ${parsed === null ? 'null' : kindOf(parsed)}`, parsed)
  const deep = mayNestTooDeep(text)
  const forbidden = mayHoldForbiddenKey(text)
  if (deep || forbidden) {
    const problem = walk(parsed)
    if (problem === 'too-deep') return reject('too-deep', `expected at most ${NESTING_MAX} levels`, parsed)
    if (problem === 'forbidden-key') return reject('forbidden-key', 'expected no key __proto__', parsed)
  }
  return { object: parsed }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

function reject(reason: Rejection['reason'], detail: string, parsed?: unknown): ParsedText {
  const rejection = { reason, detail }
  return parsed === undefined ? { rejection } : { rejection, parsed }
}

/** Text with at most 64 brackets cannot nest deeper, which spares nearly every event the walk. */
function mayNestTooDeep(text: string): boolean {
  let count = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++count > NESTING_MAX) return true
    }
  }
  return false
}

/** A key may also be spelled with escapes, hence `\u`. */
function mayHoldForbiddenKey(text: string): boolean {
  return text.includes('__proto__') || text.includes('\\u')
}

function walk(root: object): 'too-deep' | 'forbidden-key' | undefined {
  const open: { readonly node: object; readonly level: number }[] = [{ node: root, level: 1 }]
  let forbidden = false
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, level } = next
    if (level > NESTING_MAX) return 'too-deep'
    const isArray = Array.isArray(node)
    for (const [key, value] of isArray ? node.entries() : Object.entries(node)) {
      if (!isArray && key === '__proto__') forbidden = true
      if (typeof value === 'object' && value !== null) open.push({ node: value as object, level: level + 1 })
    }
  }
  return forbidden ? 'forbidden-key' : undefined
}

/** Shippers that pass a log line on put its text under one of these. */
const ENVELOPE_KEYS = ['message', 'log', 'event.original'] as const

/** The JSON text that a shipper's envelope holds, if this is one. */
export function envelopeText(object: JsonObject): string | undefined {
  for (const key of ENVELOPE_KEYS) {
    const text = object[key]
    if (typeof text === 'string' && holdsObject(text)) return text
  }
  const event = object['event']
  const original = isJsonObject(event) ? event['original'] : undefined
  return typeof original === 'string' && holdsObject(original) ? original : undefined
}

function holdsObject(text: string): boolean {
  return /^\s{0,64}\{/.test(text)
}
