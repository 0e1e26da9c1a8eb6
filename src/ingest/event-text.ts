/** The text fields of an event: read, cleaned, and rid of credentials before anything is cut off them. */
import { createMemo } from '../memo.ts'
import { holdsCredential, MASK, maskShapes } from './credential.ts'
import type { DecodeCounters, DroppableField } from './field.ts'
import { cleanText } from './field.ts'
import { isPlainPath, normalisePath, withoutSecretSegments } from './request-path.ts'

/** Every field is cut to less in the end. Looking for shapes in more than this would only cost time. */
const SEARCHED_CHARS_MAX = 8192
/** Names, agents and routes that are known to hold no credential; longer ones are searched each time. */
const KNOWN_TEXTS_MAX = 20_000
const KNOWN_TEXT_CHARS_MAX = 512

/**
 * Reads texts that hold no credential. A producer that logs the credential into another field too must not get it into
 * a table that way: the call's own (`credential`, '' when it is too short to search for) is found as it is, others by
 * their shape.
 */
export interface TextReader {
  /** A text that many events share. */
  readonly text: (value: unknown, field: DroppableField, credential: string) => string
  /** A text that hardly any two events share: nothing of it is remembered. */
  readonly rareText: (value: unknown, field: DroppableField, credential: string) => string
  /** An address, a list of them, or words. Of a list the end counts: what stands before it was written by the client. */
  readonly source: (value: unknown, credential: string) => string
  /** Normalised, '' when absent. */
  readonly path: (value: unknown, credential: string) => string
}

export function createTextReader(counters: DecodeCounters): TextReader {
  const known = createMemo<string>(KNOWN_TEXTS_MAX)

  /** '' for what is absent, and for what is no text, which is counted. */
  function clean(value: unknown, field: DroppableField): string {
    if (value === undefined || value === null) return ''
    if (typeof value !== 'string') {
      counters.fieldDropped(field)
      return ''
    }
    const text = cleanText(value)
    return text === '-' ? '' : text
  }

  function rareText(value: unknown, field: DroppableField, credential: string): string {
    return withoutCredentials(clean(value, field), credential)
  }

  function text(value: unknown, field: DroppableField, credential: string): string {
    if (typeof value !== 'string') return clean(value, field)
    const before = known.get(value)
    if (before !== undefined && !holdsOwn(before, credential)) return before
    const cleaned = clean(value, field)
    const safe = withoutCredentials(cleaned, credential)
    if (safe === cleaned && value.length <= KNOWN_TEXT_CHARS_MAX) known.set(value, safe)
    return safe
  }

  return {
    text,
    rareText,
    source: (value, credential) => withoutCredentials(clean(value, 'ip'), credential, 'end'),
    path(value, credential) {
      if (typeof value === 'string' && credential === '' && isPlainPath(value)) return withoutSecretSegments(value)
      const path = cut(withoutOwn(clean(value, 'path'), credential), 'start')
      return path === '' ? '' : normalisePath(path)
    },
  }
}

/** Masks the call's own credential and whatever has the shape of one. Of a very long text `kept` says which end counts. */
function withoutCredentials(text: string, credential: string, kept: 'start' | 'end' = 'start'): string {
  const searched = cut(withoutOwn(text, credential), kept)
  return holdsCredential(searched) ? maskShapes(searched) : searched
}

function withoutOwn(text: string, credential: string): string {
  return holdsOwn(text, credential) ? text.replaceAll(credential, MASK) : text
}

/** Whether the call's own credential stands in a text. */
export function holdsOwn(text: string, credential: string): boolean {
  return credential !== '' && text.length >= credential.length && text.includes(credential)
}

function cut(text: string, kept: 'start' | 'end'): string {
  if (text.length <= SEARCHED_CHARS_MAX) return text
  return (kept === 'end' ? text.slice(-SEARCHED_CHARS_MAX) : text.slice(0, SEARCHED_CHARS_MAX)).toWellFormed()
}
