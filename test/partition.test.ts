/** Progress over one partition: whatever happens at whichever step, each record is stored once, with the same findings. */
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { RawRecord } from '../src/ingest/source.ts'
import {
  type Fate,
  FATES,
  LINGER_MS,
  type Limits,
  type Member,
  type World,
  createWorld,
  expectedOf,
  recordOf,
} from './partition-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** What the consumer does next: hands over so many records, lets time pass, stops in peace, or joins anew. */
type Act = { readonly deliver: number } | 'wait' | 'stop' | 'rebalance'

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 9 }).map((deliver) => ({ deliver })) },
    { weight: 3, arbitrary: fc.constant('wait' as const) },
    { weight: 1, arbitrary: fc.constantFrom('stop' as const, 'rebalance' as const) },
  ),
  { maxLength: 12 },
)
/** Tokens, records that cannot be read, and offsets that compaction has taken. */
const log = fc.array(fc.constantFrom('a', 'a', 'b', 'c', 'd', '!', ''), { minLength: 1, maxLength: 40 })
const fates: fc.Arbitrary<readonly Fate[]> = fc.array(
  fc.oneof({ weight: 4, arbitrary: fc.constant('done' as const) }, { weight: 3, arbitrary: fc.constantFrom(...FATES) }),
  { maxLength: 60 },
)
const limits: fc.Arbitrary<Limits> = fc.record({
  rowsMax: fc.integer({ min: 1, max: 8 }),
  bytesMax: fc.constantFrom(3, 1_000),
})

/** Lets everything that can go on go on; only timers stand still. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve))
}

/** A group with one member at a time, which reads the log from where the group stands. */
function createGroup(world: World, texts: readonly string[]) {
  const records = texts.flatMap((text, offset) => (text === '' ? [] : [recordOf(offset, text)]))
  let member: Member = world.join()

  /** Resolves with whether the member has done it; another one has joined if not. */
  async function attempt(work: (by: Member) => Promise<unknown>): Promise<boolean> {
    const by = member
    const isDone = await Promise.race([
      work(by).then(
        () => true,
        () => false,
      ),
      by.gone.then(() => false),
    ])
    if (!isDone || by.isGone()) member = world.join()
    return isDone
  }

  return {
    async deliver(size: number): Promise<void> {
      const batch: readonly RawRecord[] = records.filter(({ offset }) => offset >= member.position).slice(0, size)
      if (batch.length === 0) return
      const by = member
      if (await attempt(() => by.partition.accept(batch))) by.position = (batch.at(-1)?.offset ?? 0) + 1
    },
    async wait(): Promise<void> {
      const by = member
      await vi.advanceTimersByTimeAsync(LINGER_MS)
      await settle()
      if (by.isGone()) member = world.join()
    },
    async stop(): Promise<void> {
      await attempt((by) => by.partition.finish())
      member = world.join()
    },
    rebalance(): void {
      member = world.join()
    },
    isAtEnd: () => member.position > (records.at(-1)?.offset ?? -1),
    failures: () => member.failures,
  }
}

async function live(world: World, texts: readonly string[], steps: readonly Act[]): Promise<void> {
  const group = createGroup(world, texts)
  for (const act of steps) {
    if (act === 'wait') await group.wait()
    else if (act === 'stop') await group.stop()
    else if (act === 'rebalance') group.rebalance()
    else await group.deliver(act.deliver)
  }
  // Sooner or later things go well for a while.
  for (let round = 0; round < 200; round++) {
    while (!group.isAtEnd()) await group.deliver(5)
    await group.wait()
    if (group.isAtEnd() && !world.broker.committed?.metadata.includes('last')) break
  }
  world.wakeAll()
  await settle()
  expect(group.failures()).toEqual([])
}

function storedIn(world: World) {
  const { tables } = world
  const numbers = (rows: Iterable<readonly number[]>) => [...rows].flat().sort((a, b) => a - b)
  const texts = (rows: Iterable<readonly string[]>) => [...rows].flat().sort()
  return {
    events: numbers([...tables.events.values()].map((rows) => rows.map(({ offset }) => offset))),
    deadLetters: numbers(tables.deadLetters.values()),
    findings: texts(tables.findings.values()),
    alerts: texts(tables.alerts.values()),
  }
}

/** The first member is paused as it writes, and wakes when the second has just seen that nothing had landed. */
const LATE_WRITE: readonly Fate[] = ['done', 'done', 'paused', 'others wake first']

describe('a partition', () => {
  test('stores each record once, with the same findings, whatever dies, sleeps or wakes at whichever step', async () => {
    await fc.assert(
      fc.asyncProperty(log, limits, acts, fates, async (texts, limits, steps, fates) => {
        const world = createWorld(limits, fates)
        await live(world, texts, steps)
        const expected = expectedOf(texts)
        expect(storedIn(world)).toEqual({
          ...expected,
          findings: expected.findings.sort(),
          alerts: expected.alerts.sort(),
        })
        expect(new Map(world.view), 'the view has what the table has').toEqual(world.tables.events)
        const last = texts.findLastIndex((text) => text !== '')
        if (last >= 0) expect(world.broker.committed?.offset).toBe(last + 1)
      }),
      { numRuns: 2_000, examples: [[Array(9).fill('a'), { rowsMax: 3, bytesMax: 99 }, [], LATE_WRITE]] },
    )
  }, 120_000)

  test('makes an announced block again up to its end, though its last record was compacted away', async () => {
    const world = createWorld({ rowsMax: 3, bytesMax: 1_000 }, [])
    world.broker.committed = { offset: 10, metadata: JSON.stringify({ last: 15, ingestedAt: 77 }) }
    const { partition } = world.join()
    await partition.accept([11, 12, 13, 14].map((offset) => recordOf(offset, 'a')))
    expect(storedIn(world).events, 'more records than a block may have, but its end is not reached').toEqual([])
    await partition.accept([16, 17].map((offset) => recordOf(offset, 'b')))
    await partition.finish()
    expect([...world.tables.events].map(([token, rows]) => [token, rows.map(({ offset }) => offset)])).toEqual([
      ['access/0/10-15@77/events', [11, 12, 13, 14]],
      [expect.stringMatching(/^access\/0\/16-17@\d+\/events$/), [16, 17]],
    ])
  })

  test('leaves an announced block alone that is not complete, when time passes and when it stops', async () => {
    const world = createWorld({ rowsMax: 3, bytesMax: 1_000 }, [])
    const intent = { offset: 0, metadata: JSON.stringify({ last: 3, ingestedAt: 77 }) }
    world.broker.committed = intent
    const { partition } = world.join()
    await partition.accept([recordOf(0, 'a'), recordOf(1, 'a')])
    expect(partition.buffered.rows).toBe(2)
    await vi.advanceTimersByTimeAsync(3 * LINGER_MS)
    await partition.finish()
    expect(world.tables.events.size).toBe(0)
    expect(world.broker.committed).toEqual(intent)
  })

  test.for([
    ['none', ''],
    ['of another program', 'reset by kafka-consumer-groups'],
    ['an object of another kind', '{"leaderEpoch":3}'],
  ] as const)('starts at the committed offset when its metadata is %s', async ([_name, metadata]) => {
    const world = createWorld({ rowsMax: 3, bytesMax: 1_000 }, [])
    world.broker.committed = { offset: 5, metadata }
    const { partition } = world.join()
    await partition.accept([4, 5, 6].map((offset) => recordOf(offset, 'a')))
    await partition.finish()
    expect(storedIn(world).events).toEqual([5, 6])
  })

  test('announces a block before it writes, stores it once it is old, and acknowledges it when nothing follows', async () => {
    const world = createWorld({ rowsMax: 3, bytesMax: 1_000 }, [])
    const { partition } = world.join()
    await partition.accept([recordOf(0, 'a'), recordOf(1, 'b')])
    expect(world.broker.committed).toBeUndefined()
    await vi.advanceTimersByTimeAsync(LINGER_MS)
    const ingestedAt = Number([...world.tables.events.keys()][0]?.split('@')[1]?.split('/')[0])
    expect(world.broker.committed).toEqual({ offset: 0, metadata: JSON.stringify({ last: 1, ingestedAt }) })
    await vi.advanceTimersByTimeAsync(LINGER_MS)
    expect(world.broker.committed).toEqual({ offset: 2, metadata: JSON.stringify({ ingestedAt }) })
    expect(vi.getTimerCount(), 'an idle partition keeps no timer').toBe(0)
  })

  test('an epoch that is over takes its timers with it', async () => {
    const world = createWorld({ rowsMax: 3, bytesMax: 1_000 }, [])
    const first = world.join()
    await first.partition.accept([recordOf(0, 'a')])
    world.join()
    await vi.advanceTimersByTimeAsync(LINGER_MS)
    expect(world.tables.events.size).toBe(0)
    expect(first.failures).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})
