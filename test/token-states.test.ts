/** The cache of token states: what is in use stays, what is idle is bounded, and a new epoch forgets everything. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TokenId } from '../src/event.ts'
import { type TokenState, createTokenState } from '../src/fold.ts'
import { type Horizon, StatesClearedError, createCachedStates, createMemoryStates } from '../src/token-states.ts'

const HORIZON: Horizon = { topic: 'access', partition: 0, firstOffset: 0, ingestedAtMs: 0 }
const A = 'a' as TokenId
const B = 'b' as TokenId
const C = 'c' as TokenId
const D = 'd' as TokenId

const create = (tokenId: TokenId): TokenState =>
  createTokenState(tokenId, { valuesMax: 4, adoptAfterMs: 1, incidentGapMs: 1 })

/** Loads empty states, and remembers what it was asked for. */
function loading(statesMax: number) {
  const loads: { readonly tokenIds: readonly TokenId[]; readonly horizon: Horizon }[] = []
  const states = createCachedStates(async (tokenIds, horizon) => {
    loads.push({ tokenIds, horizon })
    return new Map(tokenIds.map((tokenId) => [tokenId, create(tokenId)]))
  }, statesMax)
  return { states, loads }
}

describe('cached states', () => {
  test('are loaded in one go, once, with the horizon of the block that needs them', async () => {
    const { states, loads } = loading(10)
    await states.acquire([A, B], HORIZON)
    await states.acquire([B, C], { ...HORIZON, firstOffset: 7 })
    expect(loads).toEqual([
      { tokenIds: [A, B], horizon: HORIZON },
      { tokenIds: [C], horizon: { ...HORIZON, firstOffset: 7 } },
    ])
    expect(states.of(A)).not.toBe(states.of(B))
    expect(states.size).toBe(3)
  })

  test('in use stay, whatever their number; idle ones are the latest released', async () => {
    const { states, loads } = loading(2)
    await states.acquire([A, B, C, D], HORIZON)
    expect(states.size).toBe(4)
    states.release([A, B, C, D])
    expect(states.size).toBe(2)
    await states.acquire([A, C, D], HORIZON)
    expect(loads.map(({ tokenIds }) => tokenIds)).toEqual([[A, B, C, D], [A]])
  })

  test('held by two blocks are released by both before they may go', async () => {
    const { states, loads } = loading(1)
    await states.acquire([A], HORIZON)
    await states.acquire([A], HORIZON)
    const before = states.of(A)
    states.release([A])
    await states.acquire([B], HORIZON)
    states.release([B])
    expect(states.of(A)).toBe(before)
    states.release([A])
    expect(() => states.of(A)).toThrow(StatesClearedError)
    await states.acquire([A], HORIZON)
    expect(states.of(A)).toBe(before)
    expect(loads.flatMap(({ tokenIds }) => tokenIds)).toEqual([A, B])
  })

  test('discarded are loaded anew', async () => {
    const { states, loads } = loading(10)
    await states.acquire([A, B], HORIZON)
    const before = states.of(A)
    states.discard([A])
    states.release([B])
    await states.acquire([A, B], HORIZON)
    expect(states.of(A)).not.toBe(before)
    expect(loads.map(({ tokenIds }) => tokenIds)).toEqual([[A, B], [A]])
  })

  test('asked for by two partitions at once are one state', async () => {
    const { states, loads } = loading(10)
    await Promise.all([states.acquire([A, B], HORIZON), states.acquire([B, A], { ...HORIZON, partition: 1 })])
    expect(loads).toHaveLength(1)
    states.release([A, B])
    expect(states.of(A)).toBeDefined()
  })

  test('at hand stay while others are loaded, whatever is released meanwhile', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const asked: TokenId[] = []
    const states = createCachedStates(async (tokenIds) => {
      asked.push(...tokenIds)
      if (tokenIds.includes(D)) {
        begun.resolve()
        await gate.promise
      }
      return new Map(tokenIds.map((tokenId) => [tokenId, create(tokenId)]))
    }, 2)
    await states.acquire([A], HORIZON)
    const known = states.of(A)
    states.release([A])
    await states.acquire([B, C], HORIZON)
    const acquired = states.acquire([A, D], HORIZON)
    await begun.promise
    states.release([B, C])
    gate.resolve()
    await acquired
    expect(states.of(A)).toBe(known)
    expect(asked).toEqual([A, B, C, D])
  })

  test('are forgotten by a new epoch, and a load that was under way is of no use to it', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    let loads = 0
    const states = createCachedStates(async (tokenIds) => {
      begun.resolve()
      if (++loads === 1) await gate.promise
      return new Map(tokenIds.map((tokenId) => [tokenId, create(tokenId)]))
    }, 10)
    const loading = states.acquire([A], HORIZON)
    const waiting = states.acquire([B], HORIZON)
    await begun.promise
    states.clear()
    gate.resolve()
    await expect(loading).rejects.toThrow(StatesClearedError)
    await expect(waiting, 'nor may what has not begun mix with the new epoch').rejects.toThrow(StatesClearedError)
    expect(() => states.of(A)).toThrow(StatesClearedError)
    expect(states.size).toBe(0)
    await states.acquire([A], HORIZON)
    expect(loads).toBe(2)
    states.clear()
    expect(states.size).toBe(0)
    states.release([A])
    expect(states.size, 'a release that comes late brings nothing back').toBe(0)
  })

  test('whose load has failed can be asked for again', async () => {
    let loads = 0
    const states = createCachedStates(async (tokenIds) => {
      if (++loads === 1) throw new Error('away')
      return new Map(tokenIds.map((tokenId) => [tokenId, create(tokenId)]))
    }, 10)
    await expect(states.acquire([A], HORIZON)).rejects.toThrow('away')
    await states.acquire([A], HORIZON)
    expect(states.of(A)).toBeDefined()
  })

  test('never forget what a block holds and never keep more idle than allowed, in any order of blocks', async () => {
    const tokens = fc.uniqueArray(fc.constantFrom(A, B, C, D), { minLength: 1, maxLength: 4 })
    const actions = fc.array(fc.oneof(tokens, fc.nat(5)), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(actions, fc.integer({ min: 1, max: 3 }), async (actions, statesMax) => {
        const { states } = loading(statesMax)
        const blocks: (readonly TokenId[])[] = []
        const known = new Map<TokenId, TokenState>()
        for (const action of actions) {
          if (typeof action === 'number') states.release(blocks.splice(action, 1)[0] ?? [])
          else {
            await states.acquire(action, HORIZON)
            blocks.push(action)
          }
          const held = new Set(blocks.flat())
          for (const tokenId of known.keys()) if (!held.has(tokenId)) known.delete(tokenId)
          for (const tokenId of held) {
            expect(known.get(tokenId) ?? states.of(tokenId)).toBe(states.of(tokenId))
            known.set(tokenId, states.of(tokenId))
          }
          expect(states.size).toBeLessThanOrEqual(held.size + statesMax)
        }
      }),
      { numRuns: 500 },
    )
  })
})

test('states are dropped once each, when nobody will ask for them again', async () => {
  const dropped: string[] = []
  const states = createCachedStates(
    async (tokenIds) => new Map(tokenIds.map((tokenId) => [tokenId, create(tokenId)])),
    1,
    ({ profile }) => dropped.push(profile.tokenId),
  )
  await states.acquire([A, B, C, D], HORIZON)
  states.release([A])
  await states.acquire([A], HORIZON)
  states.release([A])
  expect(dropped).toEqual([])
  states.release([B])
  expect(dropped).toEqual(['a'])
  states.discard([C])
  expect(dropped).toEqual(['a', 'c'])
  states.clear()
  expect(dropped).toEqual(['a', 'c', 'b', 'd'])
})

test('states of a replay are made once and never dropped', async () => {
  const states = createMemoryStates(create)
  await states.acquire([A, B], HORIZON)
  const before = states.of(A)
  states.release([A, B])
  await states.acquire([A], HORIZON)
  expect(states.of(A)).toBe(before)
  expect(states.of(B)).not.toBe(before)
  expect(states.size).toBe(2)
})
