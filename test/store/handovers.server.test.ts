/** Rotations on a real server: what is handed on is what a replay in memory hands on, once and for all. */
import { expect, test } from 'vitest'
import { alertingSettings } from '../../src/alert/settings.ts'
import { createStoredStates } from '../../src/app/stored-states.ts'
import type { EventTimeMs, TokenId } from '../../src/event.ts'
import { createTokenState } from '../../src/fold.ts'
import type { Handover } from '../../src/profile/handover.ts'
import type { RegisteredToken } from '../../src/registry/registered-token.ts'
import { createRegistry, rotationOf } from '../../src/registry/registered-token.ts'
import { createRotatingStates } from '../../src/rotating-states.ts'
import { DAY_MS, HOUR_MS } from '../../src/settings.ts'
import { keepHandover } from '../../src/store/handovers.ts'
import { loadTokenStates } from '../../src/store/profiles.ts'
import { dropOldMonths } from '../../src/store/retention.ts'
import { eventColumns } from '../../src/store/rows.ts'
import { NOON_MS, call } from '../profile/calls.ts'
import { createSession, foldInto, told } from '../profile/histories.ts'
import { testDatabase } from '../support/clickhouse.ts'

const db = await testDatabase('handovers')
const [OLD, NEW] = ['tok_old', 'tok_new'] as TokenId[] as [TokenId, TokenId]
const PROFILE = { valuesMax: 512, adoptAfterMs: 14 * DAY_MS, incidentGapMs: 6 * HOUR_MS }
const FOLD = {
  profile: PROFILE,
  evidence: alertingSettings.parse({}).evidence,
  findingBitsMin: 3,
  quarantineBits: Infinity,
  thresholdBits: () => 14,
  database: 'tokenwatch',
}
const HORIZON = { topic: 'other', partition: 0, firstOffset: 0, ingestedAtMs: 0 }

const token = (tokenId: TokenId, rotatedFrom: TokenId | ''): RegisteredToken => ({
  tokenId,
  name: '',
  owner: '',
  tenant: '',
  service: '',
  scopes: [],
  environment: '',
  createdAtMs: NOON_MS as EventTimeMs,
  expiresAtMs: 0 as EventTimeMs,
  revokedAtMs: 0 as EventTimeMs,
  compromisedAtMs: 0 as EventTimeMs,
  rotatedFrom,
})
const registry = createRegistry([token(OLD, ''), token(NEW, OLD)])

const load = async (tokenId: TokenId, from = registry) => {
  const create = (id: TokenId) => createTokenState(id, PROFILE)
  return told(await loadTokenStates(db, create, [tokenId], HORIZON, (id) => rotationOf(from, id)))
}

test('a successor gets what its predecessor was known for, keeps it whatever comes, and adds its own', async () => {
  const session = createSession()
  const calls = (from: number, to: number, tokenId: string, address: string) =>
    Array.from({ length: to - from }, (_, nth) =>
      call(NOON_MS + (from + nth) * HOUR_MS, { tokenId, address, status: nth % 5 === 0 ? 429 : 200 }),
    )
  async function store(events: readonly ReturnType<typeof call>[]): Promise<void> {
    const before = session.events.length
    foldInto(session, events, FOLD)
    const rows = session.events.slice(before)
    await db.insert('events', eventColumns(rows, NOON_MS + before, ''), rows.length, `events/${before}`)
  }
  /** What a replay in memory has for the successor at its first call. */
  function inMemory() {
    const states = createRotatingStates(PROFILE, registry)
    Object.assign(states.of(OLD), session.states.get(OLD))
    return told(new Map([[NEW as string, states.of(NEW)]]))
  }

  await store(calls(-900, 5, OLD, '198.51.100.1'))
  const atFirst = inMemory()
  expect(atFirst[0]?.hours.length).toBeGreaterThan(600)
  expect(await load(NEW, createRegistry([token(NEW, '')]))).toMatchObject([{ nowMs: 0 }])
  expect(await load(NEW)).toEqual(atFirst)

  // The predecessor goes on, and late calls of it come in: what was handed on stays.
  await store([...calls(5, 30, OLD, '198.51.100.2'), ...calls(-700, -690, OLD, '198.51.100.3')])
  expect(await load(NEW)).toEqual(atFirst)

  const [state] = [...(await loadTokenStates(db, (id) => createTokenState(id, PROFILE), [NEW], HORIZON)).values()]
  session.states.set(NEW, state as NonNullable<typeof state>)
  await store([...calls(6, 40, NEW, '198.51.100.1'), ...calls(40, 50, NEW, '198.51.100.9')])
  const live = told(new Map([[NEW as string, session.states.get(NEW) as NonNullable<typeof state>]]))
  // Findings are not stored here: all else is.
  const { raised: _raised, evidence: _evidence, incidents: _incidents, lastFindingMs: _last, ...rest } = live[0]!
  expect(await load(NEW)).toMatchObject([rest])

  expect(await dropOldMonths(db, 202601)).toBeGreaterThan(0)
  expect(await load(NEW)).toMatchObject([{ nowMs: rest.nowMs }])
})

test('of two that are kept at once the first holds, for whoever asks', async () => {
  const handover = (nowMs: number): Handover => ({ nowMs, values: [], workedDays: [], hours: [] })
  const first = await keepHandover(db, 'tok_twice' as TokenId, OLD, NOON_MS, handover(1))
  const second = await keepHandover(db, 'tok_twice' as TokenId, OLD, NOON_MS, handover(2))
  expect([first.nowMs, second.nowMs]).toEqual([1, 1])
})

test('a service hands on by the registry that the block sees', async () => {
  const next = 'tok_next' as TokenId
  const seen: number[] = []
  const states = createStoredStates(db, PROFILE, 10, {
    async registryAt(ingestedAtMs) {
      seen.push(ingestedAtMs)
      return createRegistry(ingestedAtMs < NOON_MS ? [] : [token(next, OLD)])
    },
  })
  for (const ingestedAtMs of [NOON_MS - 1, NOON_MS]) {
    await states.acquire([next], { ...HORIZON, ingestedAtMs })
    expect(states.of(next).profile.handedOnMs > 0).toBe(ingestedAtMs === NOON_MS)
    states.discard([next])
  }
  expect(seen).toEqual([NOON_MS - 1, NOON_MS])
})

test('a token with a history of its own takes over nothing', async () => {
  const own = createRegistry([token(OLD, NEW), token(NEW, '')])
  const before = await load(OLD, createRegistry([]))
  expect(await load(OLD, own)).toEqual(before)
})
