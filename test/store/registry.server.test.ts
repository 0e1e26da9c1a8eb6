/** The registry in ClickHouse: versions, the state at any time, and the inventory that joins it with use. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { EventTimeMs, TokenId } from '../../src/event.ts'
import type { RegisteredToken } from '../../src/registry/registered-token.ts'
import { type Call, CONVENTIONS, createScopeCheck } from '../../src/registry/scopes.ts'
import { DAY_MS } from '../../src/settings.ts'
import { isKnownToken, listInventory, useSince } from '../../src/store/inventory.ts'
import { loadRegistry, readTokensAt, registryTimes, writeMark, writeTokens } from '../../src/store/registry.ts'
import { eventColumns } from '../../src/store/rows.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { sampleEvent } from './sample.ts'

const nowMs = Date.now()
const NONE = 0 as EventTimeMs
const ago = (days: number) => (nowMs - days * DAY_MS) as EventTimeMs

function token(id: string, change: Partial<RegisteredToken> = {}): RegisteredToken {
  return {
    tokenId: id as TokenId,
    name: `name of ${id}`,
    owner: 'kim',
    tenant: 'acme',
    service: 'billing-api',
    scopes: ['invoices:read'],
    environment: 'production',
    createdAtMs: ago(40),
    expiresAtMs: ago(-300),
    revokedAtMs: NONE,
    compromisedAtMs: NONE,
    rotatedFrom: '',
    ...change,
  }
}
const version = (one: RegisteredToken, isRemoved = false) => ({ token: one, source: 'default', isRemoved })
const mark = (tokenId: string, compromisedAtMs: number) => ({
  tokenId: tokenId as TokenId,
  compromisedAtMs,
  actor: 'kim',
  note: 'pasted into a ticket',
})

describe('versions', async () => {
  const db = await testDatabase('registry')

  test('each state can be read again, and names the change that made it', async () => {
    const unlike = token('a', { name: `O'Neill \\ "x"\n`, scopes: [], rotatedFrom: 'z' as TokenId })
    const first = await writeTokens(db, [version(unlike), version(token('b'))])
    const second = await writeTokens(db, [version(token('a', { owner: '' })), version(token('b'), true)])
    expect(second).toBeGreaterThan(first)
    expect((await registryTimes(db)).changesMs).toEqual([first, second])
    expect(await readTokensAt(db, first - 1)).toEqual([])
    const before = await loadRegistry(db, first)
    expect(before.of('a' as TokenId)).toEqual(unlike)
    expect(before.successorOf('z' as TokenId)?.tokenId).toBe('a')
    expect(before.size).toBe(2)
    const after = await loadRegistry(db, second)
    expect(after.of('a' as TokenId)).toEqual(token('a', { owner: '' }))
    expect(after.of('b' as TokenId)).toBeUndefined()
    expect(after.size).toBe(1)
  })

  test('nothing to write changes nothing', async () => {
    const { changesMs } = await registryTimes(db)
    await writeTokens(db, [])
    expect((await registryTimes(db)).changesMs).toEqual(changesMs)
  })

  test('a mark holds for registered and other tokens, outlasts imports, and can be taken back', async () => {
    const listed = token('c', { compromisedAtMs: ago(9) })
    await writeTokens(db, [version(listed)])
    await writeMark(db, mark('c', ago(3)))
    const marked = await writeMark(db, mark('stranger', ago(2)))
    await writeTokens(db, [version(token('c', { owner: 'sam', compromisedAtMs: ago(9) }))])
    const registry = await loadRegistry(db, Date.now() + DAY_MS)
    expect(registry.compromisedAtMs('c' as TokenId)).toBe(ago(3))
    expect(registry.compromisedAtMs('stranger' as TokenId)).toBe(ago(2))
    expect(registry.of('stranger' as TokenId)).toBeUndefined()
    await writeMark(db, mark('c', 0))
    await writeMark(db, mark('stranger', 0))
    const later = await loadRegistry(db, Date.now() + DAY_MS)
    expect(later.compromisedAtMs('c' as TokenId)).toBe(ago(9))
    expect(later.compromisedAtMs('stranger' as TokenId)).toBe(0)
    expect((await loadRegistry(db, marked)).compromisedAtMs('stranger' as TokenId)).toBe(ago(2))
  })
})

describe('the inventory', async () => {
  const db = await testDatabase('inventory')
  let offset = 0
  const call = (tokenId: string, daysAgo: number, change: Partial<Parameters<typeof sampleEvent>[1]> = {}) =>
    sampleEvent(offset++, { tokenId: tokenId as TokenId, timeMs: ago(daysAgo), service: 'billing-api', ...change })
  const flagsOf = async (tokenId: string) => {
    const all = await listInventory(db, { flags: [], unusedMs: 0, expiringMs: 0, limit: 1_000 })
    return all.find((row) => row.token_id === tokenId)?.flags
  }

  test('flags what needs a look', async () => {
    const tokens = [
      token('fine'),
      token('ownerless', { owner: '' }),
      token('idle', { createdAtMs: ago(60), scopes: [] }),
      token('never', { scopes: [] }),
      token('young', { createdAtMs: ago(3), scopes: [] }),
      token('expired', { expiresAtMs: ago(1) }),
      token('revoked', { revokedAtMs: ago(1) }),
      token('endless', { expiresAtMs: NONE }),
      token('broad', { scopes: ['admin'] }),
      token('old', { createdAtMs: ago(100) }),
      token('rotated', { rotatedFrom: 'old' as TokenId, createdAtMs: ago(20) }),
      token('gone'),
    ]
    await writeTokens(
      db,
      tokens.map((one) => version(one)),
    )
    await writeTokens(db, [version(token('gone'), true)])
    await writeMark(db, mark('fine-but-leaked', ago(1)))
    const invoices = { route: '/v1/invoices/{id}', method: 'GET' }
    const used = ['fine', 'ownerless', 'expired', 'revoked', 'endless', 'broad', 'old', 'rotated', 'stranger']
    const events = [
      ...used.map((id) => call(id, 2, invoices)),
      call('idle', 31),
      call('fine', 1, { ...invoices, network: 'AS64500', agent: 'acme-billing' }),
      call('stranger', 1, { ...invoices, service: 'orders-api' }),
    ]
    await db.insert('events', eventColumns(events, nowMs, ''), events.length, 'events')

    expect(await flagsOf('fine')).toEqual([])
    expect(await flagsOf('ownerless')).toEqual(['ownerless'])
    expect(await flagsOf('idle')).toEqual(['unused_30d'])
    expect(await flagsOf('never')).toEqual(['never_used', 'unused_30d'])
    expect(await flagsOf('young')).toEqual(['never_used'])
    expect(await flagsOf('expired')).toEqual(['expired'])
    expect(await flagsOf('revoked')).toEqual(['revoked'])
    expect(await flagsOf('endless')).toEqual(['no_expiry'])
    expect(await flagsOf('broad')).toEqual(['broad'])
    expect(await flagsOf('old')).toEqual(['rotation_overdue', 'superseded'])
    expect(await flagsOf('rotated')).toEqual([])
    expect(await flagsOf('stranger')).toEqual(['unregistered', 'several_services'])
    expect(await flagsOf('fine-but-leaked')).toEqual(['unregistered', 'never_used', 'unused_30d', 'leaked'])
    expect(await flagsOf('gone')).toBeUndefined()
  })

  test('says what each is used for', async () => {
    const rows = await listInventory(db, { flags: [], unusedMs: 0, expiringMs: 0, limit: 1_000 })
    expect(rows.find((row) => row.token_id === 'fine')).toMatchObject({
      is_registered: true,
      age_days: 40,
      calls_30d: 2,
      last_used: new Date(ago(1)).toISOString(),
      services: ['billing-api'],
      networks: ['AS3320', 'AS64500'],
      clients: ['acme-billing', 'curl'],
      successor: '',
    })
    expect(rows.find((row) => row.token_id === 'old')).toMatchObject({ successor: 'rotated' })
  })

  test('is listed by flags, by use and by expiry, longest unused first', async () => {
    const list = async (filter: Partial<Parameters<typeof listInventory>[1]>) =>
      (await listInventory(db, { flags: [], unusedMs: 0, expiringMs: 0, limit: 1_000, ...filter })).map(
        (row) => row.token_id,
      )
    expect(await list({ flags: ['unregistered', 'several_services'] })).toEqual(['stranger'])
    expect(await list({ unusedMs: 30 * DAY_MS })).toEqual(['fine-but-leaked', 'never', 'idle'])
    expect(await list({ flags: ['never_used'], limit: 1 })).toEqual(['fine-but-leaked'])
    expect(await list({ expiringMs: 14 * DAY_MS })).toEqual([])
    expect((await list({ expiringMs: 301 * DAY_MS })).includes('expired')).toBe(false)
    expect(await list({ flags: ['ownerless'], expiringMs: 301 * DAY_MS })).toEqual(['ownerless'])
  })

  test('tells what a token was used for since then, and whether there is one of that name', async () => {
    expect(await useSince(db, 'fine', ago(1.5))).toMatchObject({ calls: 1, accepted: 1, sources: ['203.0.113.7 DE'] })
    expect(await useSince(db, 'never', ago(9))).toMatchObject({ calls: 0, sources: [], first_at: '' })
    expect(await Promise.all(['never', 'stranger', 'gone', 'nobody'].map((id) => isKnownToken(db, id)))).toEqual([
      true,
      true,
      true,
      false,
    ])
  })
})

/** The view has the convention once more, in SQL. */
test('scopes that were granted and never used are those that cover no known call, as detection sees it', async () => {
  await using db = await testDatabase('scopes')
  const calls: readonly Call[] = [
    { service: 'billing-api', method: 'GET', route: '/v1/invoices' },
    { service: 'billing-api', method: 'POST', route: '/v1/invoices' },
    { service: 'catalog', method: 'GET', route: '/api/v2.1/categories/{id}' },
    { service: 'catalog', method: 'HEAD', route: '/v1beta2/api/api_keys/{id}' },
    { service: 'orders_service', method: 'DELETE', route: '/tenants/{tenant}/shipments/{id}' },
    { service: 'orders_service', method: 'OPTIONS', route: '/v1/tenants/{tenant}/{id}' },
    { service: '', method: 'PATCH', route: '/{id}/boxes' },
    { service: '', method: 'PUT', route: 'PutObject' },
    { service: '', method: 'GET', route: '/v1' },
    { service: '', method: 'GET', route: '/address/search' },
  ]
  const resources = [
    'invoice',
    'Invoices',
    'category',
    'api-key',
    'shipments',
    'tenant',
    'box',
    'billing',
    'orders',
    'addresses',
    'users',
  ]
  const scopes = resources.flatMap((resource) => [`${resource}:read`, `${resource}:write`, `write.${resource}`])
  const ids = calls.map((_, at) => `call-${at}`)
  await writeTokens(
    db,
    ids.map((id) => version(token(id, { scopes: [...scopes, 'admin', '*:read', 'openid', 'a:b:read'] }))),
  )
  const events = calls.map((call, at) => sampleEvent(at, { ...call, tokenId: ids[at] as TokenId, timeMs: ago(1) }))
  await db.insert('events', eventColumns(events, nowMs, ''), events.length, 'events')

  const rows = await db.query(
    'SELECT token_id, scopes_unused FROM token_inventory',
    {},
    z.object({ token_id: z.string(), scopes_unused: z.array(z.string()) }),
  )
  const check = createScopeCheck([])
  for (const [at, call] of calls.entries()) {
    const isWrite = !['GET', 'HEAD', 'OPTIONS'].includes(call.method)
    const unused = scopes.filter((scope) => {
      const grantsWrite = scope.includes('write')
      const covers = CONVENTIONS.some(
        (one) => check.coveragesOf(token('x', { scopes: [scope] }), call)[one] === 'inside',
      )
      // Write covers read, but only a write needs it.
      return !(covers && grantsWrite === isWrite)
    })
    expect(rows.find((row) => row.token_id === ids[at])?.scopes_unused, `${call.method} ${call.route}`).toEqual(unused)
  }
})
