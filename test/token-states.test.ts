/** The cache of token states: one state a token, whoever asks for it, and none lost while it is needed. */
import { expect, test } from 'vitest'
import type { TokenId } from '../src/event.ts'
import { type TokenState, createTokenState } from '../src/fold.ts'
import { StatesClearedError, createCachedStates } from '../src/token-states.ts'

const HORIZON = { topic: 'calls', partition: 0, firstOffset: 0 }
const ids = (...names: string[]) => names as TokenId[]
const create = (tokenId: TokenId) =>
  createTokenState(tokenId, { valuesMax: 16, adoptAfterMs: 3_600_000, incidentGapMs: 3_600_000 })

/** A cache of two idle states whose loads end when they are told to. */
function cacheOfTwo() {
  const asked: TokenId[][] = []
  let gate: Promise<void> = Promise.resolve()
  const states = createCachedStates(async (tokenIds) => {
    asked.push([...tokenIds])
    await gate
    return new Map(tokenIds.map((tokenId): [TokenId, TokenState] => [tokenId, create(tokenId)]))
  }, 2)
  return {
    states,
    asked,
    /** Further loads wait until the returned function is called. */
    holdLoads: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    },
    loadOf: async (count: number) => {
      while (asked.length < count) await new Promise(setImmediate)
    },
  }
}

test('A state at hand stays while another one is loaded, whatever is released meanwhile.', async () => {
  const { states, asked, holdLoads, loadOf } = cacheOfTwo()
  await states.acquire(ids('known'), HORIZON)
  const known = states.of('known' as TokenId)
  states.release(ids('known'))
  await states.acquire(ids('x', 'y'), HORIZON)
  const endLoad = holdLoads()
  const acquired = states.acquire(ids('known', 'new'), HORIZON)
  await loadOf(3)
  states.release(ids('x', 'y'))
  endLoad()
  await acquired
  expect(states.of('known' as TokenId)).toBe(known)
  expect(asked).toEqual([['known'], ['x', 'y'], ['new']])
})

test('A state is idle once it was released as often as it was acquired, and is then used again.', async () => {
  const { states, asked } = cacheOfTwo()
  await states.acquire(ids('a'), HORIZON)
  await states.acquire(ids('a'), HORIZON)
  states.release(ids('a'))
  expect(states.of('a' as TokenId)).toBeDefined()
  states.release(ids('a'))
  expect(() => states.of('a' as TokenId)).toThrow(StatesClearedError)
  await states.acquire(ids('a'), HORIZON)
  expect(asked).toEqual([['a']])
})

test('What was cleared while it was loaded is not handed out.', async () => {
  const { states, holdLoads, loadOf } = cacheOfTwo()
  const endLoad = holdLoads()
  const acquired = states.acquire(ids('a'), HORIZON)
  await loadOf(1)
  states.clear()
  endLoad()
  await expect(acquired).rejects.toThrow(StatesClearedError)
  expect(states.size).toBe(0)
})
