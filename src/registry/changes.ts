/** What another list of tokens changes in the registry. */
import type { TokenId } from '../event.ts'
import type { RegisteredToken } from './registered-token.ts'

/** A token and the list that it came with last. */
export interface ListedToken {
  readonly token: RegisteredToken
  readonly source: string
}

export type TokenField = Exclude<keyof RegisteredToken, 'tokenId'>

export interface ChangedToken {
  readonly before: ListedToken
  readonly after: ListedToken
  readonly fields: readonly (TokenField | 'source')[]
}

export interface Changes {
  readonly added: readonly ListedToken[]
  readonly changed: readonly ChangedToken[]
  readonly removed: readonly ListedToken[]
  readonly unchanged: number
}

/**
 * Compares the registry with a list. A token that another source lists too changes its source: the latest word holds.
 * @param isWhole a token of this source that is not in the list is gone from it.
 */
export function compareTokens(
  known: ReadonlyMap<TokenId, ListedToken>,
  tokens: readonly RegisteredToken[],
  source: string,
  isWhole: boolean,
): Changes {
  const added: ListedToken[] = []
  const changed: ChangedToken[] = []
  let unchanged = 0
  const listed = new Set<TokenId>()
  for (const token of tokens) {
    listed.add(token.tokenId)
    const after = { token, source }
    const before = known.get(token.tokenId)
    if (before === undefined) {
      added.push(after)
      continue
    }
    const fields = changedFields(before, after)
    if (fields.length > 0) changed.push({ before, after, fields })
    else unchanged++
  }
  const own = [...known.values()].filter((one) => one.source === source)
  const removed = isWhole ? own.filter(({ token }) => !listed.has(token.tokenId)) : []
  return { added, changed, removed, unchanged }
}

const FIELDS = [
  'name',
  'owner',
  'tenant',
  'service',
  'scopes',
  'environment',
  'createdAtMs',
  'expiresAtMs',
  'revokedAtMs',
  'compromisedAtMs',
  'rotatedFrom',
] as const satisfies readonly TokenField[]

function changedFields(before: ListedToken, after: ListedToken): ChangedToken['fields'] {
  const fields = FIELDS.filter((field) => textOf(before.token[field]) !== textOf(after.token[field]))
  return before.source === after.source ? fields : [...fields, 'source']
}

/** The order of scopes means nothing. */
function textOf(value: RegisteredToken[TokenField]): string {
  return typeof value === 'object' ? JSON.stringify([...value].sort()) : String(value)
}

const REMOVED_MAX = 2
const REMOVED_SHARE_MAX = 1 / 4

/**
 * Whether so much is gone that the list was perhaps cut off, came out empty, or is another one: all of it, or more than
 * two tokens and more than a quarter of its source's.
 */
export function isShrunken({ removed, changed, unchanged }: Changes): boolean {
  const kept = changed.filter(({ before, after }) => before.source === after.source).length + unchanged
  if (removed.length === 0) return false
  return kept === 0 || (removed.length > REMOVED_MAX && removed.length > (removed.length + kept) * REMOVED_SHARE_MAX)
}
