/** A block's age counts from its first record: a trickle that never pauses must not keep it open. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Block } from '../src/block.ts'
import { silentLog } from '../src/log.ts'
import { createPartition } from '../src/partition.ts'
import { createMemoryStates } from '../src/token-states.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('records that come faster than the linger time are stored before the first of them is older than that', async () => {
  const written: number[][] = []
  const partition = createPartition({
    topic: 'access',
    partition: 0,
    epoch: {
      signal: new AbortController().signal,
      committed: async () => ({ offset: 0, metadata: '' }),
      commit: async () => {},
    },
    pipeline: {
      async extend(block, records, from) {
        const left = records.slice(from)
        block.lastOffset = left.at(-1)?.offset ?? block.lastOffset
        block.records += left.length
        return left.length
      },
    },
    states: createMemoryStates(() => {
      throw new Error('no token is asked for')
    }),
    store: {
      write: async (block: Block) => void written.push([block.firstOffset, block.lastOffset]),
      hasLanded: async () => false,
      heal: async () => {},
    },
    clock: { now: () => Date.now() },
    log: silentLog,
    limits: { rowsMax: 1_000, bytesMax: 1_000_000, lingerMs: 1_000 },
    isOverBudget: () => false,
    onStored: () => {},
    onFailure: (error) => {
      throw error
    },
  })

  for (let offset = 0; offset < 8; offset++) {
    await partition.accept([{ topic: 'access', partition: 0, offset, value: Buffer.from('{}') }])
    await vi.advanceTimersByTimeAsync(400)
  }

  expect(written).toEqual([
    [0, 2],
    [3, 4],
    [5, 7],
  ])
})
