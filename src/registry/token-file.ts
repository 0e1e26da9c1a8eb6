/** Reads tokens from a file that the owners of the tokens keep: CSV, a JSON array, or one JSON object a line. */
import { nearest } from '../config/spelling.ts'
import { maskThoroughly } from '../ingest/credential.ts'
import type { Fingerprinter } from '../ingest/token-identity.ts'
import { clip } from '../text.ts'
import type { TokenId } from '../event.ts'
import type { RegisteredToken } from './registered-token.ts'
import { KNOWN_KEYS, readEntry } from './token-entry.ts'
import { type FileProblem, type ListFormat, readEntries } from './token-text.ts'

export interface TokenList {
  readonly format: ListFormat
  /** Each id once. */
  readonly tokens: readonly RegisteredToken[]
  /** In the order of their lines. */
  readonly problems: readonly FileProblem[]
  /** How many credentials were turned into ids. */
  readonly fingerprinted: number
  /** Keys that mean nothing here, and the known one that each was perhaps meant to be, '' for none. */
  readonly ignoredKeys: ReadonlyMap<string, string>
}

const KEY_CHARS_MAX = 40

/**
 * Never throws for what stands in the file. Credentials are turned into ids here and dropped; nothing of the result
 * holds one that is known as such or has a credential's shape.
 */
export function readTokenList(text: string, fingerprinter: Fingerprinter): TokenList {
  const { format, entries, problems: unread } = readEntries(text)
  const tokens = new Map<TokenId, RegisteredToken>()
  const lines = new Map<TokenId, number>()
  const problems = [...unread]
  const keys = new Set<string>()
  let fingerprinted = 0
  const identify: Fingerprinter['identify'] = (credential) => {
    fingerprinted++
    return fingerprinter.identify(credential)
  }
  for (const entry of entries) {
    for (const key of entry.fields.keys()) keys.add(key)
    const read = readEntry(entry, { ...fingerprinter, identify })
    if ('problems' in read) {
      problems.push(...read.problems)
      continue
    }
    const { tokenId } = read.token
    const earlier = lines.get(tokenId)
    if (earlier === undefined) tokens.set(tokenId, read.token)
    else {
      const expected = `each token once; this one stands on line ${earlier} already`
      problems.push({ line: entry.line, key: 'token_id', value: '', expected })
    }
    lines.set(tokenId, earlier ?? entry.line)
  }
  problems.sort((a, b) => a.line - b.line)
  return { format, tokens: [...tokens.values()], problems, fingerprinted, ignoredKeys: ignoredOf(keys) }
}

function ignoredOf(keys: ReadonlySet<string>): Map<string, string> {
  const known: readonly string[] = KNOWN_KEYS
  const missing = known.filter((key) => !keys.has(key))
  const ignored = [...keys].filter((key) => !known.includes(key))
  return new Map(ignored.map((key) => [clip(maskThoroughly(key), KEY_CHARS_MAX), nearest(key, missing)]))
}

/** `line 7: expires_at: expected a time ..., got "soon"`. */
export function problemText({ line, key, value, expected }: FileProblem): string {
  const place = [line === 0 ? '' : `line ${line}: `, key === '' ? '' : `${key}: `].join('')
  return `${place}expected ${expected}${value === '' ? '' : `, got ${JSON.stringify(value)}`}`
}
