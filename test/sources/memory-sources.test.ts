/** What is said of sources that many tokens were used from, and of those of which nothing may be said. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MemorySources, createMemorySources } from '../../src/sources/memory-sources.ts'
import { TOKENS_MAX } from '../../src/sources/source.ts'
import { MOVED, NOBODY, PHONE, REGULAR, STRANGER, type Visit, calmHours, eventOf, visit } from './visits.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const ADOPT_MS = 14 * DAY_MS
/** Bits of a source from which on its incident alerts at the default threshold of 13: three are its window's drift. */
const ALERT_BITS = 16

function settled(): MemorySources {
  const sources = createMemorySources(ADOPT_MS, 1_000)
  calmHours(sources, 2_000)
  return sources
}

/** What the source of a call by someone else comes to. */
function seenBy(sources: MemorySources, one: Partial<Visit> = {}) {
  const other: Visit = { tokenId: 'somebody-else', sight: STRANGER, ...one }
  const holder = { tenant: other.tenant ?? 'acme', owner: other.owner ?? '' }
  return {
    spraying: sources.sprayingOf(eventOf(other), holder, other.sight),
    sharing: sources.sharingOf(eventOf(other), holder, other.sight),
  }
}

describe('a source that fails with many tokens', () => {
  test('is told of within the first dozen of thirty', () => {
    const sources = settled()
    const bits = Array.from({ length: 30 }, (_, nth) => {
      const sight = nth % 3 === 0 ? NOBODY : STRANGER
      return visit(sources, { tokenId: `tok-${nth}`, sight, status: 401, atMs: nth * 2_000 }).spraying?.bits ?? 0
    })
    expect(bits.findIndex((each) => each >= ALERT_BITS)).toBeLessThan(12)
    expect(bits).toEqual(bits.toSorted((a, b) => a - b))
  })

  test('counts each token once, however often it fails, and 403 for half', () => {
    const sources = settled()
    for (let nth = 0; nth < 50; nth++) {
      visit(sources, { tokenId: `tok-${nth % 2}`, sight: STRANGER, status: 401, atMs: nth })
    }
    visit(sources, { tokenId: 'tok-2', sight: STRANGER, status: 403, atMs: 60 })
    expect(seenBy(sources, { atMs: 61 }).spraying).toMatchObject({ tokens: 3, numbers: { failed: 2.5 } })
    visit(sources, { tokenId: 'tok-2', sight: STRANGER, status: 401, atMs: 62 })
    expect(seenBy(sources, { atMs: 63 }).spraying).toMatchObject({ tokens: 3, numbers: { failed: 3 } })
  })

  test('is forgotten within the hour after', () => {
    const sources = settled()
    for (let nth = 0; nth < 10; nth++) visit(sources, { tokenId: `tok-${nth}`, sight: STRANGER, status: 401 })
    expect(seenBy(sources, { atMs: 49 * MINUTE_MS }).spraying?.tokens).toBe(10)
    expect(seenBy(sources, { atMs: HOUR_MS }).spraying).toBeUndefined()
  })

  test('concerns tokens to which the source is new, or who came only just now', () => {
    const sources = settled()
    for (let nth = 0; nth < 10; nth++) visit(sources, { tokenId: `tok-${nth}`, sight: STRANGER, status: 401 })
    expect(seenBy(sources, { sight: STRANGER }).spraying?.tokens).toBe(10)
    expect(seenBy(sources, { sight: REGULAR }).spraying).toBeUndefined()
    expect(seenBy(sources, { sight: PHONE }).spraying).toBeUndefined()
    visit(sources, { tokenId: 'good', sight: STRANGER, atMs: 1 })
    expect(
      seenBy(sources, { tokenId: 'good', sight: { ...REGULAR, isRegular: false }, atMs: 2 }).spraying?.tokens,
    ).toBe(10)
  })

  test('says nothing of a token whose company is at home there, nor where everybody is', () => {
    const sources = settled()
    for (let nth = 0; nth < 10; nth++) visit(sources, { tokenId: `tok-${nth}`, sight: STRANGER, status: 401 })
    visit(sources, { tokenId: 'old', sight: REGULAR, tenant: 'acme' })
    expect(seenBy(sources, { tenant: 'acme' }).spraying).toBeUndefined()
    expect(seenBy(sources, { tenant: 'globex' }).spraying?.tokens).toBe(10)
    visit(sources, { tokenId: 'older', sight: REGULAR, tenant: 'initech' })
    expect(seenBy(sources, { tenant: 'globex' }).spraying).toBeUndefined()
  })

  test('is named by its prefix when it changes addresses within', () => {
    const sources = settled()
    const told = Array.from({ length: 20 }, (_, nth) =>
      visit(sources, { tokenId: `tok-${nth}`, sight: STRANGER, status: 401, address: `128.199.10.${nth}` }),
    )
    expect(told.at(-1)?.spraying).toMatchObject({ source: '128.199.10.0/24', level: 'prefix', tokens: 20 })
  })
})

describe('a whole network that fails with many tokens', () => {
  test('is told of, and says nothing of one more token that comes from it', () => {
    const sources = settled()
    const told = Array.from({ length: 20 }, (_, nth) =>
      visit(sources, { tokenId: `tok-${nth}`, sight: STRANGER, status: 401, address: `128.199.${nth}.7` }),
    )
    expect(told.at(-1)?.spraying).toMatchObject({ source: 'AS14061', level: 'network', tokens: 20 })
    expect(seenBy(sources, { address: '128.199.200.7' }).spraying).toBeUndefined()
  })
})

describe('it stays quiet', () => {
  test('for a company’s gateway, whose tokens are at home there, however many of them fail', () => {
    const sources = settled()
    const told = Array.from({ length: 300 }, (_, nth) =>
      visit(sources, { tokenId: `tok-${nth}`, sight: REGULAR, status: nth % 3 === 0 ? 401 : 200, atMs: nth }),
    )
    expect(told.every(({ spraying, sharing }) => spraying === undefined && sharing === undefined)).toBe(true)
  })

  test('for a carrier’s address, behind which phones fail that are new everywhere', () => {
    const sources = settled()
    for (let nth = 0; nth < 100; nth++) visit(sources, { tokenId: `tok-${nth}`, sight: PHONE, status: 401, atMs: nth })
    expect(seenBy(sources)).toEqual({ spraying: undefined, sharing: undefined })
  })

  test('for what stands before everyone and passes on a constant share of unknown credentials', () => {
    const sources = createMemorySources(ADOPT_MS)
    const loud: number[] = []
    for (let minute = 0; minute < 4 * 24 * 60; minute++) {
      const atMs = minute * MINUTE_MS
      visit(sources, { tokenId: `tok-${minute % 200}`, sight: REGULAR, atMs })
      const failed = minute % 3 === 0 && visit(sources, { tokenId: `bad-${minute}`, sight: NOBODY, status: 401, atMs })
      if (failed && failed.spraying !== undefined && failed.spraying.bits >= ALERT_BITS / 2) loud.push(minute)
    }
    expect(loud).toEqual([])
  })

  test('at the beginning, when there is nothing to compare with', () => {
    const sources = createMemorySources(ADOPT_MS)
    const told = Array.from({ length: 40 }, (_, nth) =>
      visit(sources, { tokenId: `tok-${nth}`, sight: NOBODY, status: 401, atMs: nth }),
    )
    expect(told.every(({ spraying }) => (spraying?.bits ?? 0) === 0)).toBe(true)
  })

  test('for a call without an address', () => {
    const sources = settled()
    const event = { ...eventOf({ tokenId: 'tok', sight: STRANGER, status: 401 }), address: '', prefix: '' }
    for (let nth = 0; nth < 20; nth++) {
      const told = sources.learn({ ...event, tokenId: `tok-${nth}` as never }, STRANGER, { tenant: '', owner: '' })
      expect(told).toEqual({ spraying: undefined, sharing: undefined })
    }
  })
})

describe('tokens that newly come to one source', () => {
  const arrive = (sources: MemorySources, visits: readonly Partial<Visit>[]) =>
    visits
      .map((one, nth) => visit(sources, { tokenId: `tok-${nth}`, sight: STRANGER, atMs: nth * 1000, ...one }))
      .at(-1)

  test('are a breach when they are of several companies', () => {
    const tenants = ['acme', 'globex', 'initech', 'umbra']
    const told = arrive(
      settled(),
      tenants.map((tenant, nth) => ({ tenant, sight: { ...STRANGER, home: `AS${nth}` } })),
    )
    expect(told?.sharing).toMatchObject({ tokens: 4, companies: 4, newClients: 4, level: 'address' })
    expect(told?.sharing?.bits).toBeGreaterThan(ALERT_BITS)
  })

  test('are a breach when they are of one company but from many networks and with a new client', () => {
    const homes = ['AS3320', 'AS6805', 'AS16509', 'AS24940', 'AS9009', 'AS14618']
    const told = arrive(
      settled(),
      homes.map((home) => ({ sight: { ...STRANGER, home } })),
    )
    expect(told?.sharing?.bits).toBeGreaterThan(12)
  })

  test('are a move when they are of one company and come from one network with the clients that they had', () => {
    const told = arrive(
      settled(),
      Array.from({ length: 50 }, () => ({ sight: MOVED })),
    )
    expect(told?.sharing).toMatchObject({ tokens: 50, companies: 1, bits: 0 })
  })

  test('are of one company when one person holds them, whatever their tenants', () => {
    const tenants = ['acme', 'globex', 'initech']
    const told = arrive(
      settled(),
      tenants.map((tenant) => ({ tenant, owner: 'kim', sight: MOVED })),
    )
    expect(told?.sharing).toMatchObject({ companies: 1 })
    expect(told?.sharing?.bits).toBeLessThan(4)
  })

  test('are no news where their company is at home, nor where several are', () => {
    const sources = settled()
    visit(sources, { tokenId: 'old', sight: REGULAR, tenant: 'acme' })
    expect(arrive(sources, [{}, {}, {}])?.sharing).toBeUndefined()
    visit(sources, { tokenId: 'older', sight: REGULAR, tenant: 'globex', atMs: 4_000 })
    expect(arrive(sources, [{}, {}, { tenant: 'initech' }, { tenant: 'umbra' }])?.sharing).toBeUndefined()
  })

  test('each see themselves in the company of the others, from the first call on and after it', () => {
    const sources = settled()
    arrive(sources, [{ tenant: 'acme' }, { tenant: 'globex' }])
    expect(seenBy(sources, { tenant: 'initech' }).sharing).toMatchObject({ tokens: 3, companies: 3 })
    const later = { ...REGULAR, isRegular: false }
    expect(seenBy(sources, { tokenId: 'tok-0', sight: later }).sharing).toMatchObject({ tokens: 2, companies: 2 })
    expect(seenBy(sources, { tokenId: 'old', sight: later }).sharing).toBeUndefined()
  })
})

describe('what is learned of the estate', () => {
  const attack = (sources: MemorySources, atMs: number) =>
    Array.from({ length: 12 }, (_, nth) =>
      visit(sources, { tokenId: `tok-${nth}`, sight: STRANGER, status: 401, atMs }),
    ).at(-1)?.spraying

  test('an attack does not excuse the next one until it has been adopted', () => {
    const sources = settled()
    const first = attack(sources, 0)
    visit(sources, { tokenId: 'tok', sight: REGULAR, atMs: 2 * HOUR_MS })
    const meanOf = (atMs: number) => attack(sources, atMs)?.numbers['mean']
    expect(meanOf(3 * DAY_MS)).toBe(first?.numbers['mean'])
    const young = createMemorySources(HOUR_MS)
    calmHours(young, 200)
    const before = attack(young, 0)?.numbers['mean'] ?? 0
    visit(young, { tokenId: 'tok', sight: REGULAR, atMs: 2 * HOUR_MS })
    expect(attack(young, 2 * DAY_MS)?.numbers['mean']).toBeGreaterThan(before)
  })
})

describe('whatever comes', () => {
  const visits = fc.array(
    fc.record({
      tokenId: fc.integer({ min: 0, max: 20 }).map((nth) => `tok-${nth}`),
      sight: fc.constantFrom(STRANGER, NOBODY, PHONE, MOVED),
      status: fc.constantFrom(200, 401, 403, 404),
      tenant: fc.constantFrom('acme', 'globex', 'initech'),
      address: fc.constantFrom('128.199.10.7', '128.199.10.8', '128.199.11.7'),
    }),
    { maxLength: 40 },
  )

  test('the order of simultaneous events does not matter', () => {
    // A token is told apart by what it is: its sight and tenant do not change within a moment.
    const consistent = visits.map((all) => {
      const first = new Map(all.map((one) => [one.tokenId, one]))
      return all.map((one) => ({
        ...one,
        sight: first.get(one.tokenId)!.sight,
        tenant: first.get(one.tokenId)!.tenant,
      }))
    })
    const shuffled = consistent.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    )
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        const [a, b] = [one, other].map((all) => {
          const sources = createMemorySources(ADOPT_MS, 10)
          for (const each of all) visit(sources, each)
          return ['128.199.10.7', '128.199.10.8', '128.199.11.7'].map((address) => seenBy(sources, { address }))
        })
        expect(a).toEqual(b)
      }),
      { numRuns: 200 },
    )
  })

  test('a source remembers so many tokens, and there are so many sources', () => {
    const sources = settled()
    for (let nth = 0; nth < 5 * TOKENS_MAX; nth++) {
      visit(sources, { tokenId: `tok-${nth}`, sight: STRANGER, status: 401, atMs: nth })
    }
    expect(seenBy(sources).spraying?.tokens).toBe(TOKENS_MAX)
    const few = createMemorySources(ADOPT_MS, 10)
    for (const tokenId of ['tok', 'other']) visit(few, { tokenId, sight: STRANGER, status: 401 })
    expect(seenBy(few).spraying?.tokens).toBe(2)
    for (let nth = 0; nth < 10; nth++) visit(few, { tokenId: 'tok', sight: STRANGER, address: `10.${nth}.0.1` })
    expect(seenBy(few).spraying).toBeUndefined()
  })
})
