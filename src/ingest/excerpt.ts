/** The part of a refused record that may be shown: enough to find the mistake, no secret. */
import { MASK, maskThoroughly, stripScheme } from './credential.ts'
import { NESTING_MAX } from './json-text.ts'

const EXCERPT_BYTES_MAX = 4096
/** Longer text is cut before it is masked: nothing beyond the excerpt's size can be shown anyway. */
const TEXT_CHARS_MAX = 8192
const NODES_MAX = 4096
const LITERALS_MAX = 64
const LITERAL_CHARS_MIN = 4

const SECRET_KEY =
  /token|authori[sz]ation|api[-_]?key|secret|passw|pwd|credential|cookie|session|private[-_]?key|access[-_]?key|signature|bearer|jwt|^auth$|^sig$/i
/** Names and ids that contain such a word without being secret; their text is still searched for secrets. */
const PLAIN_KEY = /^(?:token_?(?:id|name|kind|type)|access_?key_?id|sessionContext|sessionIssuer|session_?name)$/i

/**
 * The first 4 KiB of the value as JSON, with secrets masked: everything under a secret's key, what has a credential's
 * shape or looks random, and wherever else a masked text occurs again. '' for what is no object or array.
 */
export function excerptOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return ''
  const literals = new Set<string>()
  collectLiterals(value, literals)
  const ordered = [...literals].sort((a, b) => b.length - a.length)
  const budget = { chars: EXCERPT_BYTES_MAX * 2, nodes: NODES_MAX }
  const text = JSON.stringify(masked(value, ordered, budget, 1))
  return cutBytes(text, EXCERPT_BYTES_MAX)
}

function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key) && !PLAIN_KEY.test(key)
}

/** What stands under secret keys, so that it is found elsewhere too. Bounded, and without recursion. */
function collectLiterals(root: object, into: Set<string>): void {
  const open: { readonly node: object; readonly isSecret: boolean }[] = [{ node: root, isSecret: false }]
  let nodes = 0
  for (let next = open.pop(); next && nodes++ < NODES_MAX && into.size < LITERALS_MAX; next = open.pop()) {
    const { node, isSecret } = next
    const isArray = Array.isArray(node)
    for (const [key, value] of Object.entries(node) as [string, unknown][]) {
      const secret = isSecret || (!isArray && isSecretKey(key))
      if (typeof value === 'object' && value !== null) open.push({ node: value, isSecret: secret })
      else if (secret && typeof value === 'string' && value.length <= TEXT_CHARS_MAX) addLiteral(value, into)
    }
  }
}

function addLiteral(text: string, into: Set<string>): void {
  for (const literal of [text.trim(), stripScheme(text)]) {
    if (literal.length >= LITERAL_CHARS_MIN) into.add(literal)
  }
}

interface Budget {
  chars: number
  nodes: number
}

/** A masked copy. Recursion is bounded by the levels that a record may have; what lies deeper is left out. */
function masked(value: unknown, literals: readonly string[], budget: Budget, level: number): unknown {
  if (typeof value === 'string') return maskedText(value, literals, budget)
  if (typeof value !== 'object' || value === null) return value
  if (level > NESTING_MAX || budget.nodes-- <= 0 || budget.chars <= 0) return '…'
  if (Array.isArray(value)) {
    const items: unknown[] = []
    for (const item of value) {
      if (budget.chars <= 0) break
      budget.chars -= 2
      items.push(masked(item, literals, budget, level + 1))
    }
    return items
  }
  const entries: [string, unknown][] = []
  for (const key in value) {
    if (budget.chars <= 0) break
    const item = (value as Record<string, unknown>)[key]
    budget.chars -= 4
    const name = maskedText(key, literals, budget)
    entries.push([name, isSecretKey(key) && item !== null ? MASK : masked(item, literals, budget, level + 1)])
  }
  return Object.fromEntries(entries)
}

function maskedText(text: string, literals: readonly string[], budget: Budget): string {
  let shown = text
  if (shown.length > TEXT_CHARS_MAX) {
    // The last word may be half a credential, which no shape would recognise.
    const cut = shown.slice(0, TEXT_CHARS_MAX)
    shown = `${cut.slice(0, Math.max(cut.lastIndexOf(' '), 0))}…`
  }
  for (const literal of literals) {
    if (shown.includes(literal)) shown = shown.replaceAll(literal, MASK)
  }
  shown = maskThoroughly(shown).toWellFormed()
  budget.chars -= shown.length
  return shown
}

/** Cuts at a character's boundary. */
function cutBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= bytesMax) return text
  let end = bytesMax
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
