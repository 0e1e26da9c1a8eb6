/** The evidence query on a real ClickHouse: it finds the calls of exactly that token, whatever its id holds. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { evidenceQuery, quote } from '../../src/alert/evidence-query.ts'
import type { EventId, EventTimeMs, TokenId } from '../../src/event.ts'
import { eventColumns } from '../../src/store/rows.ts'
import { HOSTILE } from '../notify/alerts.ts'
import { NOON_MS, sampleEvent } from '../store/sample.ts'
import { testDatabase } from '../support/clickhouse.ts'

const db = await testDatabase('evidence')
const rows = z.object({ event_id: z.string(), time: z.string() })

test.each([
  ['a plain id', 'tok_plain'],
  ['a statement', "x'; DROP TABLE events; --"],
  ['a backslash at the end', 'x\\'],
  ['everything at once', HOSTILE.toWellFormed()],
])('finds the evidence of a token whose id is %s', async (_, id) => {
  const event = (offset: number, over: { id?: string; token?: string; timeMs?: number; reasons?: string[] }) =>
    sampleEvent(offset, {
      tokenId: (over.token ?? id) as TokenId,
      eventId: (over.id ?? `${id}-${offset}`) as EventId,
      timeMs: (over.timeMs ?? NOON_MS + offset) as EventTimeMs,
      reasons: over.reasons ?? [],
    })
  const events = [
    event(1, { id: `${id} named` }),
    event(2, { reasons: ['new-country'] }),
    event(3, {}),
    event(4, { id: `${id} named`, token: 'another token' }),
    event(5, { reasons: ['new-country'], timeMs: NOON_MS - 1 }),
    event(6, { reasons: ['new-country'], timeMs: NOON_MS + 11 }),
    event(7, { reasons: ['new-network'], timeMs: NOON_MS + 10 }),
  ]
  await db.insert('events', eventColumns(events, NOON_MS, ''), events.length, `evidence/${id.length}`)
  const query = evidenceQuery({
    database: db.name,
    subject: id,
    detectors: ['new-country', 'new-network'],
    eventIds: [`${id} named`],
    fromMs: NOON_MS,
    toMs: NOON_MS + 10,
  })
  const found = await db.query(query, {}, rows)
  expect(found.map((row) => row.event_id)).toEqual([`${id} named`, `${id}-2`, `${id}-7`])
  const [echo] = await db.query(`SELECT ${quote(id)} AS text`, {}, z.object({ text: z.string() }))
  expect(echo?.text).toBe(id)
})
