/** A rotated token goes on as its predecessor: its owner is no surprise, and its thief is one from the first call. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Detection } from '../src/detection.ts'
import type { EventTimeMs, TokenId } from '../src/event.ts'
import { type RegisteredToken, createRegistry, rotationOf } from '../src/registry/registered-token.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../src/settings.ts'
import { createCaseDetection, play } from './detect/case-folders.ts'

const CREATED_MS = Date.UTC(2026, 2, 31, 9, 30)
const OLD = { tokenId: 'tok_old' as TokenId, rotatedFrom: '', createdAtMs: CREATED_MS - 90 * DAY_MS } as const
const NEW = { tokenId: 'tok_new' as TokenId, rotatedFrom: 'tok_old' as TokenId, createdAtMs: CREATED_MS } as const

function registered(
  over: Partial<Omit<RegisteredToken, 'createdAtMs'>> & { readonly createdAtMs: number },
): RegisteredToken {
  return {
    tokenId: 'tok_old' as TokenId,
    name: 'billing export',
    owner: 'billing@acme.example',
    tenant: 'acme',
    service: 'billing-api',
    scopes: ['invoices:read'],
    environment: 'production',
    expiresAtMs: Date.UTC(2027, 0, 1) as EventTimeMs,
    revokedAtMs: 0 as EventTimeMs,
    compromisedAtMs: 0 as EventTimeMs,
    rotatedFrom: '',
    ...over,
    createdAtMs: over.createdAtMs as EventTimeMs,
  }
}

function line(timeMs: number, over: object): string {
  return JSON.stringify({
    timestamp: new Date(timeMs).toISOString(),
    token_name: 'billing export',
    tenant: 'acme',
    service: 'billing-api',
    ip: '3.121.75.10',
    method: 'GET',
    route: '/v1/invoices',
    status: 200,
    user_agent: 'billing-export/4.2.1 python/3.12',
    ...over,
  })
}

/** Around the clock from a server, three endpoints in turn, for so many days. */
function work(fromMs: number, days: number, tokenId: string): string[] {
  const routes = ['/v1/invoices', '/v1/invoices/{id}', '/v1/customers']
  return Array.from({ length: days * 96 }, (_, nth) =>
    line(fromMs + nth * 15 * MINUTE_MS, { token_id: tokenId, route: routes[nth % 3] }),
  )
}

const THIEF = {
  token_id: NEW.tokenId,
  ip: '200.160.2.3',
  user_agent: 'curl/8.5.0',
  route: '/v1/users',
} as const

describe('a token that was rotated in', () => {
  let detection: Detection
  beforeAll(async () => {
    detection = await createCaseDetection()
  })

  /** What is found after 30 days of the old token. */
  async function found(events: readonly string[], tokens: readonly RegisteredToken[]) {
    const findings = await play(detection, {
      detector: '',
      name: 'rotation',
      says: '',
      expected: [],
      registry: createRegistry(tokens),
      history: () => work(Date.UTC(2026, 2, 1), 30, OLD.tokenId),
      events,
    })
    return findings.map(({ finding }) => finding).filter(({ subject }) => subject === NEW.tokenId)
  }
  const rotated = [registered(OLD), registered(NEW)]
  const unrelated = [registered(OLD), registered({ ...NEW, rotatedFrom: '' })]

  test.each([
    ['an hour', HOUR_MS],
    ['three days', 3 * DAY_MS],
  ])('raises nothing for what its predecessor always did, from %s after its creation on', async (_, afterMs) => {
    expect(await found(work(CREATED_MS + afterMs, 3, NEW.tokenId), rotated)).toEqual([])
  })

  test('is missed when it goes silent after some days of its own', async () => {
    const events = [
      ...work(CREATED_MS + HOUR_MS, 3, NEW.tokenId),
      ...work(CREATED_MS + 6 * DAY_MS, 1 / 96, NEW.tokenId),
    ]
    expect((await found(events, rotated)).map(({ detector }) => detector)).toEqual(['went-silent'])
  })

  test('tells its thief at the first call, which one without a predecessor cannot', async () => {
    const events = [...work(CREATED_MS + HOUR_MS, 0.125, NEW.tokenId), line(CREATED_MS + 4 * HOUR_MS, THIEF)]
    const bitsOf = (findings: Awaited<ReturnType<typeof found>>) => findings.reduce((sum, { bits }) => sum + bits, 0)
    const handedOn = await found(events, rotated)
    expect(handedOn.map(({ detector }) => detector)).toEqual(
      expect.arrayContaining(['new-country', 'new-user-agent', 'new-endpoint']),
    )
    const alone = (await found(events, unrelated)).filter(({ concern }) => concern === 'misuse')
    expect(bitsOf(handedOn)).toBeGreaterThan(bitsOf(alone) + 8)
  })

  test('is told of when it is the thief who uses it first', async () => {
    const handedOn = await found([line(CREATED_MS + HOUR_MS, THIEF)], rotated)
    expect(handedOn.map(({ detector }) => detector)).toContain('new-country')
  })

  test('takes over through tokens that were never used', async () => {
    const middle = registered({ ...NEW, tokenId: 'tok_middle' as TokenId })
    const last = registered({ ...NEW, rotatedFrom: 'tok_middle' as TokenId })
    const handedOn = await found([line(CREATED_MS + HOUR_MS, THIEF)], [registered(OLD), middle, last])
    expect(handedOn.map(({ detector }) => detector)).toContain('new-country')
  })
})

test('a rotation is looked back on once round at most, and not without a date', () => {
  const registry = createRegistry([
    registered({ ...OLD, rotatedFrom: NEW.tokenId }),
    registered(NEW),
    registered({ ...NEW, tokenId: 'tok_undated' as TokenId, createdAtMs: 0 }),
    registered({ ...NEW, tokenId: 'tok_itself' as TokenId, rotatedFrom: 'tok_itself' as TokenId }),
  ])
  expect(rotationOf(registry, NEW.tokenId)).toEqual({
    predecessors: [OLD.tokenId],
    createdAtMs: CREATED_MS,
  })
  for (const tokenId of ['tok_undated', 'tok_itself', 'tok_unknown'])
    expect(rotationOf(registry, tokenId as TokenId)).toBeUndefined()
})
