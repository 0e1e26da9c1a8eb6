/** Visits, homes and findings of sources as ClickHouse keeps them, and what is told of them from there. */
import { describe, expect, test } from 'vitest'
import { createSourceLook } from '../../src/app/source-watch.ts'
import { createStoredSources } from '../../src/app/stored-sources.ts'
import { configSchema } from '../../src/config/schema.ts'
import type { FoldedEvent } from '../../src/detect/finding.ts'
import type { EventId, EventTimeMs, TokenId } from '../../src/event.ts'
import { type Sight, packSight } from '../../src/sources/sight.ts'
import type { Database } from '../../src/store/database.ts'
import { eventColumns } from '../../src/store/rows.ts'
import { readSourceSnapshots, takeSourceSnapshot } from '../../src/store/source-snapshots.ts'
import { activeSourceHours, homesSince, reachedMs, sourceFindingsSince, visitsSince } from '../../src/store/sources.ts'
import { MOVED, NOBODY, PHONE, REGULAR, STRANGER } from '../sources/visits.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { NOON_MS, sampleEvent } from './sample.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const PLACE = { topic: 'access', partition: 0, offset: 0 }
const THIEF = { network: 'AS9009', prefix: '185.195.19.0/24', address: '185.195.19.44', ip: '185.195.19.44' }
const config = configSchema.parse({})

let offset = 0
function visitOf(token: string, atMs: number, sight: Sight, change: Partial<FoldedEvent> = {}): FoldedEvent {
  offset++
  return sampleEvent(offset, {
    eventId: `${token} at ${atMs}` as EventId,
    timeMs: (NOON_MS + atMs) as EventTimeMs,
    tokenId: token as TokenId,
    tokenName: '',
    tenant: 'acme',
    ...THIEF,
    ...packSight(sight),
    ...change,
  })
}

async function store(db: Database, events: readonly FoldedEvent[]): Promise<void> {
  await db.insert('events', eventColumns(events, NOON_MS, ''), events.length, `block ${events[0]?.position.offset}`)
}

/** Two days of a calm estate: fifty networks in use each hour. */
function calm(): FoldedEvent[] {
  return Array.from({ length: 48 * 50 }, (_, nth) => {
    const own = { network: `AS${nth % 50}`, prefix: `10.0.${nth % 50}.0/24`, address: `10.0.${nth % 50}.1` }
    return visitOf(`calm-${nth % 50}`, (Math.floor(nth / 50) - 48) * HOUR_MS, REGULAR, own)
  })
}

/** Thirty tokens that fail, ten seconds apart. */
function spray(atMs = 0): FoldedEvent[] {
  return Array.from({ length: 30 }, (_, nth) =>
    visitOf(`tok-${nth}`, atMs + nth * 10_000, nth % 5 === 0 ? NOBODY : STRANGER, { status: 401 }),
  )
}

describe('what is kept of calls', () => {
  test('is the latest visit of each outcome in ten minutes, where a token was never seen and that means something', async () => {
    const db = await testDatabase('visits')
    await store(db, [
      visitOf('tok-a', 0, STRANGER, { status: 401 }),
      visitOf('tok-a', 1000, STRANGER, { status: 401, tokenName: 'last' }),
      visitOf('tok-a', 2000, STRANGER),
      visitOf('tok-a', 11 * MINUTE_MS, STRANGER, { status: 403 }),
      visitOf('tok-b', 3000, NOBODY, { status: 401 }),
      visitOf('phone', 4000, PHONE),
      visitOf('old', 5000, REGULAR),
      visitOf('nowhere', 6000, STRANGER, { address: '', sight: 7 }),
    ])
    const visits = await visitsSince(db, NOON_MS)
    expect(visits.map(({ event }) => [event.tokenId, event.status, event.timeMs - NOON_MS])).toEqual([
      ['tok-a', 401, 1000],
      ['tok-a', 200, 2000],
      ['tok-b', 401, 3000],
      ['tok-a', 403, 11 * MINUTE_MS],
    ])
    expect(visits[0]?.event).toMatchObject({
      ...THIEF,
      tenant: 'acme',
      tokenName: 'last',
      networkName: 'Deutsche Telekom',
    })
    expect(visits.map(({ sight }) => sight)).toEqual([STRANGER, STRANGER, NOBODY, STRANGER])
    expect(await visitsSince(db, NOON_MS + 10 * MINUTE_MS)).toHaveLength(1)
  })

  test('is whom an address is home to, asked for where tokens came newly', async () => {
    const db = await testDatabase('homes')
    await store(db, [
      visitOf('old-a', 0, REGULAR, { tenant: 'acme' }),
      visitOf('old-b', 0, REGULAR, { tenant: 'acme' }),
      visitOf('old-c', 0, REGULAR, { tenant: 'globex', address: '185.195.19.9' }),
      visitOf('elsewhere', 0, REGULAR, { prefix: '10.0.0.0/24', address: '10.0.0.1' }),
      visitOf('tok', 1000, STRANGER),
    ])
    const homes = await homesSince(db, NOON_MS)
    expect(homes.map(({ event, sight }) => [event.address, event.tenant, sight.isRegular])).toEqual([
      ['185.195.19.44', 'acme', true],
      ['185.195.19.9', 'globex', true],
    ])
  })

  test('is how many hours networks were in use, and how far the logs are', async () => {
    const db = await testDatabase('hours')
    expect([await activeSourceHours(db, 0), await reachedMs(db, HOUR_MS)]).toEqual([0, 0])
    await store(db, calm())
    expect(await activeSourceHours(db, NOON_MS - 10 * HOUR_MS)).toBe(500)
    expect(await reachedMs(db, HOUR_MS)).toBe(NOON_MS - HOUR_MS)
    await store(db, [visitOf('late', -5 * HOUR_MS, REGULAR, { position: { ...PLACE, partition: 1, index: 0 } })])
    expect(await reachedMs(db, 24 * HOUR_MS)).toBe(NOON_MS - 5 * HOUR_MS)
    expect(await reachedMs(db, 2 * HOUR_MS)).toBe(NOON_MS - 3 * HOUR_MS)
  })
})

describe('what one token is judged by', () => {
  const SLOT_MS = 10 * MINUTE_MS
  const slotAt = (atMs: number) => (NOON_MS + atMs) / SLOT_MS

  test('is a snapshot of the hour before its ten minutes, of sources where several tokens were new', async () => {
    const db = await testDatabase('snapshots')
    await store(db, [
      ...calm(),
      ...spray(),
      visitOf('alone', 1000, STRANGER, { prefix: '10.9.9.0/24', address: '10.9.9.9' }),
    ])
    const { calmHours, visits } = await takeSourceSnapshot(db, slotAt(SLOT_MS))
    expect(calmHours).toBe(24 * 50)
    expect(visits).toHaveLength(30)
    expect(visits[0]?.event).toMatchObject({ tokenId: 'tok-0', status: 401, prefix: THIEF.prefix })
    expect(visits[0]?.sight).toEqual(NOBODY)
    expect((await takeSourceSnapshot(db, slotAt(0))).visits).toEqual([])
  })

  test('holds from the first time that it was taken, for whoever asks', async () => {
    const db = await testDatabase('snapshot_once')
    await store(db, spray().slice(0, 10))
    const first = await takeSourceSnapshot(db, slotAt(SLOT_MS))
    await store(db, spray().slice(10))
    expect(await takeSourceSnapshot(db, slotAt(SLOT_MS))).toEqual(first)
    expect((await readSourceSnapshots(db, [slotAt(SLOT_MS), 7])).get(slotAt(SLOT_MS))).toEqual(first)
    expect((await takeSourceSnapshot(db, slotAt(2 * SLOT_MS))).visits).toHaveLength(30)
  })

  test('is asked for by what a block needs, and not for what came a day too late', async () => {
    const db = await testDatabase('slots')
    await store(db, [...calm(), ...spray()])
    const good = visitOf('good', SLOT_MS, STRANGER)
    const holder = { tenant: 'globex', owner: '' }
    const ask = async (ingestedAtMs: number) => {
      const stored = createStoredSources(config.learning.adoptAfterMs)
      const slots = stored.slotsOf(db)
      await slots.prepare(new Set([slotAt(SLOT_MS)]), ingestedAtMs)
      slots.begin(ingestedAtMs)
      expect(stored.snapshot.idOf(good)).toBe('sources 2026-01-15T12:10:00.000Z')
      return stored.snapshot.sprayingOf(good, holder, STRANGER)
    }
    expect(await ask(NOON_MS + SLOT_MS)).toMatchObject({ source: THIEF.address, tokens: 30, unknown: 6 })
    expect(await ask(NOON_MS + 25 * HOUR_MS)).toBeUndefined()
  })
})

describe('what is told from there', () => {
  test('is an incident of the source, once, however often it is looked at and by whom', async () => {
    const db = await testDatabase('looks')
    await store(db, calm())
    const look = await createSourceLook(config, db)
    expect(await look(PLACE)).toEqual({ findings: [], alerts: [] })
    const [early, late] = [spray().slice(0, 12), spray().slice(12)]
    await store(db, early)
    const first = await look(PLACE)
    expect(first.findings[0]).toMatchObject({ subjectKind: 'network', subject: THIEF.address, ip: THIEF.ip })
    expect(first.alerts[0]).toMatchObject({ alert: { kind: 'opened', subject: THIEF.address }, position: PLACE })
    expect(await look(PLACE)).toEqual({ findings: [], alerts: [] })

    const other = await createSourceLook(config, db)
    expect(await other(PLACE)).toEqual({ findings: [], alerts: [] })
    await store(db, late)
    const second = await other(PLACE)
    expect(await look(PLACE)).toEqual(second)
    expect(new Set([...first.findings, ...second.findings].map(({ incidentId }) => incidentId)).size).toBe(1)
    const stored = await sourceFindingsSince(db, 0)
    expect(stored.map(({ findingId }) => findingId).sort()).toEqual(
      [...first.findings, ...second.findings].map(({ findingId }) => findingId).sort(),
    )
  })

  test('was missed by nobody who begins only after it', async () => {
    const db = await testDatabase('begins')
    await store(db, [...calm(), ...spray()])
    const look = await createSourceLook(config, db)
    const { alerts } = await look(PLACE)
    expect(alerts.map(({ alert }) => alert.kind)).toContain('opened')
  })

  test('is a note where a company moves, and nothing where it is at home', async () => {
    const db = await testDatabase('moves')
    await store(db, calm())
    const look = await createSourceLook(config, db)
    await store(
      db,
      Array.from({ length: 12 }, (_, nth) => visitOf(`tok-${nth}`, nth * 1000, MOVED)),
    )
    const { findings } = await look(PLACE)
    expect(findings.map(({ concern, tenant, subject }) => [concern, tenant, subject])).toEqual([
      ['governance', 'acme', THIEF.address],
    ])
    const home = { address: '185.195.20.1', prefix: '185.195.20.0/24' }
    await store(db, [
      visitOf('old', 0, REGULAR, home),
      ...Array.from({ length: 12 }, (_, nth) => visitOf(`new-${nth}`, nth * 1000, MOVED, home)),
    ])
    expect((await look(PLACE)).findings).toEqual([])
  })
})
