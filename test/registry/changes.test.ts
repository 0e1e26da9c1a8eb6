/** What a list changes in the registry, and when so much is gone that it is more likely a mistake. */
import { describe, expect, test } from 'vitest'
import type { EventTimeMs, TokenId } from '../../src/event.ts'
import { type Changes, compareTokens, isShrunken } from '../../src/registry/changes.ts'
import type { RegisteredToken } from '../../src/registry/registered-token.ts'

function token(id: string, change: Partial<RegisteredToken> = {}): RegisteredToken {
  const none = 0 as EventTimeMs
  return {
    tokenId: id as TokenId,
    name: '',
    owner: 'kim',
    tenant: '',
    service: '',
    scopes: ['a:read', 'b:read'],
    environment: '',
    createdAtMs: none,
    expiresAtMs: none,
    revokedAtMs: none,
    compromisedAtMs: none,
    rotatedFrom: '',
    ...change,
  }
}

function knownFrom(source: string, ...ids: readonly string[]) {
  return new Map(ids.map((id) => [id as TokenId, { token: token(id), source }]))
}

const ids = (changes: Changes) => ({
  added: changes.added.map((one) => one.token.tokenId),
  changed: changes.changed.map((one) => [one.after.token.tokenId, ...one.fields]),
  removed: changes.removed.map((one) => one.token.tokenId),
  unchanged: changes.unchanged,
})

describe('compared with what is known', () => {
  test('tokens are added, changed in named fields, removed and left alone', () => {
    const list = [token('b', { owner: 'sam', expiresAtMs: 5 as EventTimeMs }), token('c'), token('d')]
    expect(ids(compareTokens(knownFrom('x', 'a', 'b', 'c'), list, 'x', true))).toEqual({
      added: ['d'],
      changed: [['b', 'owner', 'expiresAtMs']],
      removed: ['a'],
      unchanged: 1,
    })
  })

  test('the order of scopes means nothing', () => {
    const list = [token('a', { scopes: ['b:read', 'a:read'] })]
    expect(compareTokens(knownFrom('x', 'a'), list, 'x', true)).toMatchObject({ changed: [], unchanged: 1 })
  })

  test('a part of a list removes nothing', () => {
    expect(compareTokens(knownFrom('x', 'a', 'b'), [token('a')], 'x', false).removed).toEqual([])
  })

  test('a list removes tokens of its own source only, and takes over those of others that it names', () => {
    expect(ids(compareTokens(knownFrom('x', 'a', 'b'), [token('b')], 'y', true))).toEqual({
      added: [],
      changed: [['b', 'source']],
      removed: [],
      unchanged: 0,
    })
  })
})

describe('a list that has lost tokens', () => {
  const lost = (known: number, listed: number) => {
    const all = Array.from({ length: known }, (_, at) => `t${at}`)
    return isShrunken(
      compareTokens(
        knownFrom('x', ...all),
        all.slice(0, listed).map((id) => token(id)),
        'x',
        true,
      ),
    )
  }
  test.each([
    ['an empty one', 40, 0, true],
    ['an empty one, of a single token', 1, 0, true],
    ['two of three', 3, 1, false],
    ['three of eight', 8, 5, true],
    ['ten of forty', 40, 30, false],
    ['eleven of forty', 40, 29, true],
    ['none', 40, 40, false],
    ['nothing, of nothing', 0, 0, false],
  ])('%s', (_, known, listed, shrunken) => {
    expect(lost(known, listed)).toBe(shrunken)
  })

  test('another list under the same name counts as one that has lost all', () => {
    expect(isShrunken(compareTokens(knownFrom('x', 'a'), [token('b')], 'x', true))).toBe(true)
  })
})
