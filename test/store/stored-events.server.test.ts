/** Events read back from a real ClickHouse: as they went into the fold, in the order in which they were accepted. */
import { expect, test } from 'vitest'
import type { EventTimeMs } from '../../src/event.ts'
import { eventColumns } from '../../src/store/rows.ts'
import { storedEvents, storedSpan, writtenDays } from '../../src/store/stored-events.ts'
import { DAY_MS } from '../../src/settings.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { NOON_MS, sampleEvent } from './sample.ts'

const db = await testDatabase('stored_events')

/** A block of a partition, with event times that have nothing to do with when it was written. */
async function block(partition: number, offsets: readonly number[], writtenMs: number, timeMs = NOON_MS) {
  const events = offsets.map((offset) =>
    sampleEvent(offset, {
      position: { topic: 'access', partition, offset, index: offset % 2 },
      timeMs: (timeMs - offset * 1000) as EventTimeMs,
      tokenName: `no ${offset}: é\u{1f600}`,
      bytesOut: offset * 5_000_000_000,
      status: 403,
    }),
  )
  await db.insert('events', eventColumns(events, writtenMs, ''), events.length, `${partition}/${offsets[0]}`)
  return events
}

test('by block as they were begun, by position within; all fields that the fold may look at', async () => {
  const written = [
    await block(0, [0, 1, 2], NOON_MS),
    await block(1, [0, 1], NOON_MS + 10),
    await block(0, [3, 4], NOON_MS + 20),
    // At the same millisecond partitions go one after the other.
    await block(1, [2, 3], NOON_MS + 20),
    await block(0, [5], NOON_MS + DAY_MS),
    await block(1, [4], NOON_MS + DAY_MS, NOON_MS - 40 * DAY_MS),
  ]
  const span = await storedSpan(db)
  expect(span).toMatchObject({ events: 11, lastMs: NOON_MS })
  const range = { fromMs: NOON_MS - DAY_MS, toMs: NOON_MS + 1 }
  const days = await writtenDays(db, range)
  expect(days).toEqual([
    { day: 20260115, events: 9 },
    { day: 20260116, events: 1 },
  ])
  const read = []
  for await (const rows of storedEvents(db, range, days)) read.push(...rows)
  const expected = written.slice(0, 5).flat()
  expect(read.map(({ event }) => event.position)).toEqual(expected.map(({ position }) => position))
  expect(read.map(({ ingestedAtMs }) => ingestedAtMs - NOON_MS)).toEqual([0, 0, 0, 10, 10, 20, 20, 20, 20, DAY_MS])
  const unread = { userAgent: '', latencyMs: 0, tokenKind: 'none' }
  for (const [at, { event }] of read.entries())
    expect({ ...expected[at], ...event }).toEqual({ ...expected[at], ...unread })
})

test('a day that is not there, or a range without events, gives nothing', async () => {
  const range = { fromMs: 0, toMs: 1 }
  expect(await writtenDays(db, range)).toEqual([])
  for await (const rows of storedEvents(db, range, [{ day: 20260115, events: 0 }])) expect(rows).toEqual([])
})

test('a query that fails is an error of ClickHouse', async () => {
  const bytes = db.stream('SELECT nonsense FROM events FORMAT RowBinary', {})
  await expect(bytes[Symbol.asyncIterator]().next()).rejects.toMatchObject({ name: 'ClickHouseError' })
})
