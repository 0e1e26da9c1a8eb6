/** What an epoch lets through: batches that go on where the group stands, and commits while it lasts. */
import kafkajs from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { EpochOverError } from '../../src/ingest/epoch.ts'
import { createKafkaEpoch } from '../../src/ingest/kafka-epoch.ts'
import { kafkaSettings } from '../../src/ingest/kafka-settings.ts'

const SETTINGS = kafkaSettings.parse({ brokers: ['broker:9092'], topics: ['calls'] })
const ASSIGNED = [0, 1].map((partition) => ({ topic: 'calls', partition }))
const COMMITTED = '100'

type Clients = Parameters<typeof createKafkaEpoch>
type CommitOffsets = (offsets: unknown) => Promise<void>

/** Brokers that have a commit for partition 0, none for partition 1, and one for 7, which another member owns. */
function epochOn({ commit = async () => {}, failures = [] }: { commit?: CommitOffsets; failures?: Error[] } = {}) {
  const admin = {
    async fetchOffsets() {
      const failure = failures.shift()
      if (failure) throw failure
      const partitions = [
        { partition: 0, offset: COMMITTED, metadata: '{}' },
        { partition: 1, offset: '-1', metadata: null },
        { partition: 7, offset: COMMITTED, metadata: '{}' },
      ]
      return [{ topic: 'calls', partitions }]
    },
  }
  const consumer = { commitOffsets: commit }
  return createKafkaEpoch(consumer as unknown as Clients[0], admin as unknown as Clients[1], SETTINGS, ASSIGNED)
}

/** What a broker answers. */
function answer(type: string, retriable: boolean): Error {
  const error = new Error(type) as Error & { type: string; code: number; retriable: boolean }
  Object.assign(error, { type, code: 1, retriable })
  return new kafkajs.KafkaJSProtocolError(error)
}

describe('a batch', () => {
  test.for([
    ['from the committed offset on', [100], [true]],
    ['from an earlier one, whose first records are done with', [90], [true]],
    ['from further on, left over from an epoch before', [5_000, 100], [false, true]],
    ['from further on each time, because the records between are gone', [5_000, 5_000], [false, true]],
    ['from further on, then further still', [5_000, 6_000, 6_000], [false, false, true]],
  ] as const)('%s', async ([_name, offsets, expected]) => {
    const epoch = epochOn()
    const followed = []
    for (const offset of offsets) followed.push(await epoch.follows('calls', 0, offset))
    expect(followed).toEqual(expected)
  })

  test('follows on the one before it', async () => {
    const epoch = epochOn()
    expect(await epoch.follows('calls', 0, 100)).toBe(true)
    epoch.advance('calls', 0, 150)
    expect(await epoch.follows('calls', 0, 150)).toBe(true)
    expect(await epoch.follows('calls', 0, 151)).toBe(false)
  })

  test('of a partition that belongs to another member is refused, that of one never read begins at 0', async () => {
    const epoch = epochOn()
    expect(await epoch.follows('calls', 7, 100)).toBe(false)
    await expect(epoch.committed('calls', 7)).rejects.toThrow('not assigned')
    expect(await epoch.follows('calls', 1, 0)).toBe(true)
  })
})

describe('positions', () => {
  test('are asked for again while the coordinator loads', async () => {
    const epoch = epochOn({ failures: [answer('COORDINATOR_LOAD_IN_PROGRESS', true)] })
    expect(await epoch.committed('calls', 0)).toEqual({ offset: 100, metadata: '{}' })
  })

  test('that may not be asked for are an error at once', async () => {
    const epoch = epochOn({ failures: [answer('GROUP_AUTHORIZATION_FAILED', false)] })
    await expect(epoch.committed('calls', 0)).rejects.toThrow('GROUP_AUTHORIZATION_FAILED')
  })
})

describe('a commit', () => {
  test('is tried again after what may pass', async () => {
    const tries: unknown[] = []
    const epoch = epochOn({
      async commit(offsets) {
        tries.push(offsets)
        if (tries.length < 3) throw answer('COORDINATOR_NOT_AVAILABLE', true)
      },
    })
    await epoch.commit('calls', 0, 7, 'x')
    const once = [{ topic: 'calls', partition: 0, offset: '7', metadata: 'x' }]
    expect(tries).toEqual([once, once, once])
  })

  test.for(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])(
    'that is answered %s ends the epoch, and the answer reaches kafkajs',
    async (type) => {
      const refusal = answer(type, type === 'REBALANCE_IN_PROGRESS')
      const epoch = epochOn({ commit: () => Promise.reject(refusal) })
      await expect(epoch.commit('calls', 0, 7, '')).rejects.toThrow(EpochOverError)
      expect(epoch.signal.aborted).toBe(true)
      expect(() => epoch.rethrowFence()).toThrow(refusal)
    },
  )

  test('after the end is not tried at all', async () => {
    let tries = 0
    const epoch = epochOn({ commit: async () => void tries++ })
    epoch.end()
    await expect(epoch.commit('calls', 0, 7, '')).rejects.toThrow(EpochOverError)
    expect(tries).toBe(0)
    expect(() => epoch.rethrowFence()).not.toThrow()
  })
})
