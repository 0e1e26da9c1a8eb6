/** The commands that read the database, as a person runs them. */
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { recordDelivery } from '../../src/store/outbox.ts'
import { alertColumns, deadLetterColumns } from '../../src/store/rows.ts'
import { testDatabase, testDatabaseName } from '../support/clickhouse.ts'
import { runOn } from '../support/command.ts'
import { NOON_MS, sampleAlert, sampleDeadLetter, sampleDelivery } from './sample.ts'

const db = await testDatabase('commands')
const HOSTILE = `\u001b[2J\u202eevil'; DROP\u0000\u200b <!channel>`
/** Nothing of it may reach a terminal. */
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069]/

const run = (args: readonly string[], database = db.name) => runOn(database, args)

beforeAll(async () => {
  const letters = [
    sampleDeadLetter(1, { detail: HOSTILE }),
    sampleDeadLetter(2, { reason: 'too-deep', excerpt: HOSTILE }),
  ]
  await db.insert('dead_letters', deadLetterColumns(letters, NOON_MS), 2, 'letters')
  const placed = ['a', 'b'].map((id, offset) => ({
    alert: sampleAlert(id, { title: HOSTILE, tokenName: HOSTILE }),
    position: { topic: 'access', partition: 0, offset },
  }))
  await db.insert('alerts', alertColumns(placed, NOON_MS), 2, 'alerts')
  await recordDelivery(db, [sampleDelivery('a', 3, { outcome: 'failed', failure: 'timeout', detail: HOSTILE })])
})

test('dead letters are counted by reason and listed, harmless on a terminal', async () => {
  const { code, out } = await run(['dead-letters'])
  expect(code).toBe(0)
  expect(out).toMatch(/not-json +│ 1/)
  expect(out).toContain("[2Jevil'; DROP <!channel>")
  expect(out).not.toMatch(UNPRINTABLE)
})

test('dead letters as JSON lose nothing and hold no character that steers a terminal', async () => {
  const { out } = await run(['dead-letters', '--json', '--reason', 'too-deep'])
  expect(out).not.toMatch(UNPRINTABLE)
  expect(JSON.parse(out)).toMatchObject({
    counts: { 'not-json': 1, 'too-deep': 1 },
    dead_letters: [{ topic: 'access', offset: 2, reason: 'too-deep', excerpt: HOSTILE }],
  })
})

test('alerts are listed with their delivery, and what was given up is counted', async () => {
  const { code, out } = await run(['alerts'])
  expect(code).toBe(0)
  expect(out).toContain('slack: failed (3)')
  expect(out).toContain('waiting')
  expect(out).toContain('slack: 1')
  expect(out).not.toMatch(UNPRINTABLE)
  const json = await run(['alerts', '--undeliverable', '--json'])
  expect(json.out).not.toMatch(UNPRINTABLE)
  expect(JSON.parse(json.out)).toMatchObject({
    undeliverable: { slack: 1 },
    alerts: [{ alert_id: 'a', title: HOSTILE, targets: [{ target: 'slack', outcome: 'failed', attempts: 3 }] }],
  })
})

test('migrate makes the database, and until then other commands name it', async () => {
  const fresh = testDatabaseName('command')
  const before = await run(['alerts'], fresh)
  expect(before.code).toBe(4)
  expect(before.err).toContain('tokenwatch migrate')
  const migrated = await run(['migrate'], fresh)
  expect(migrated.out).toContain('applied 001_events.sql')
  expect((await run(['alerts'], fresh)).out).toBe('no alerts\n')
  const [found] = await db.query(
    `SELECT count() AS tables FROM system.tables WHERE database = {fresh: String}`,
    { fresh },
    z.object({ tables: z.number() }),
  )
  expect(found!.tables).toBeGreaterThan(15)
  await db.command(`DROP DATABASE ${fresh}`)
})

test('a wrong limit is wrong usage', async () => {
  expect((await run(['alerts', '--limit', '0'])).code).toBe(2)
  expect((await run(['dead-letters', '--reason', 'nonsense'])).code).toBe(2)
})
