/** The simulator keeps its promises: one seed gives one traffic, labels are right, and attacks are what they are called. */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { CLIENT_KINDS } from '../../src/simulate/habits/index.ts'
import { createEstate } from '../../src/simulate/estate.ts'
import {
  simulate,
  simulatedAbsences,
  simulatedKinds,
  simulatedRegistry,
  SIMULATION_DEFAULTS,
  type SimulatedEvent,
  type SimulationOptions,
} from '../../src/simulate/simulation.ts'
import { DAY_MS, HOUR_MS } from '../../src/settings.ts'

const SMALL: SimulationOptions = { ...SIMULATION_DEFAULTS, tokens: 10, days: 4 }

function digest(options: SimulationOptions): string {
  const hash = createHash('sha256')
  for (const { event } of simulate(options)) hash.update(`${JSON.stringify(event)}\n`)
  return hash.digest('hex')
}

function eventsOf(options: SimulationOptions, keep: (item: SimulatedEvent) => boolean): readonly unknown[] {
  return [...simulate(options)].filter(keep).map(({ event }) => event)
}

describe('one seed, one traffic', () => {
  it('gives the same bytes for the same seed and others for another', () => {
    expect(digest(SMALL)).toBe(digest(SMALL))
    expect(digest({ ...SMALL, seed: 8 })).not.toBe(digest(SMALL))
  })

  it('gives these very bytes on every machine, so that figures measured with it can be measured again', () => {
    expect(digest({ ...SMALL, days: 1 })).toMatchInlineSnapshot(
      `"47ad0966fb28e0ab793799ed658fab6022ab00d5fba4209be1e562e32c848fb0"`,
    )
  })

  it('knows what kind of client holds each token, and no absences', () => {
    const kinds = simulatedKinds(SMALL)
    expect([...kinds.keys()]).toEqual(simulatedRegistry(SMALL).map(({ token_id }) => token_id))
    expect(new Set(kinds.values())).toEqual(new Set(CLIENT_KINDS))
    expect(simulatedAbsences(SMALL)).toEqual([])
  })

  it('leaves benign events as they are when attacks are added', () => {
    const benign = eventsOf({ ...SMALL, attacks: false }, () => true)
    expect(eventsOf({ ...SMALL, attacks: 'all' }, ({ label }) => label === undefined)).toEqual(benign)
  })

  it('leaves the events of a token as they are when tokens are added', () => {
    const mine = new Set(simulatedRegistry(SMALL).map(({ token_id }) => token_id))
    const alone = eventsOf({ ...SMALL, attacks: false }, () => true)
    const among = eventsOf({ ...SMALL, tokens: 40, attacks: false }, ({ event }) => mine.has(event.token_id))
    expect(among).toEqual(alone)
  })

  it('stops after eventsMax events, the first ones', () => {
    const all = eventsOf(SMALL, () => true)
    expect(eventsOf({ ...SMALL, eventsMax: 100 }, () => true)).toEqual(all.slice(0, 100))
  })

  it('refuses a start within an hour', () => {
    expect(() => [...simulate({ ...SMALL, startMs: SMALL.startMs + 1 })]).toThrow(RangeError)
  })

  it('has unique ids, events within the time asked for and labels of its own tokens, whatever is asked for', () => {
    const options = fc.record({
      seed: fc.nat(),
      tokens: fc.integer({ min: 1, max: 35 }),
      days: fc.integer({ min: 1, max: 3 }),
      attacks: fc.constantFrom(true, false, 'all' as const),
    })
    const check = (chosen: Pick<SimulationOptions, 'seed' | 'tokens' | 'days' | 'attacks'>): void => {
      const startMs = SIMULATION_DEFAULTS.startMs
      const items = [...simulate({ ...chosen, startMs })]
      const registered = new Set(simulatedRegistry({ ...chosen, startMs }).map(({ token_id }) => token_id))
      expect(new Set(items.map(({ event }) => event.id)).size).toBe(items.length)
      expect(registered.size).toBe(chosen.tokens)
      for (const { event, label } of items) {
        const timeMs = Date.parse(event.timestamp)
        if (timeMs < startMs || timeMs >= startMs + chosen.days * DAY_MS)
          throw new Error(`out of time: ${event.timestamp}`)
        if (!registered.has(event.token_id)) throw new Error(`unregistered: ${event.token_id}`)
        if (label !== undefined && label.event_id !== event.id) throw new Error(`wrong label: ${label.event_id}`)
      }
    }
    fc.assert(fc.property(options, check), { numRuns: 12 })
  })
})

describe('the month that the demonstration plays', () => {
  const options: SimulationOptions = { ...SIMULATION_DEFAULTS, attacks: 'all' }
  let items: readonly SimulatedEvent[] = []
  beforeAll(() => {
    items = [...simulate(options)]
  })
  const attacked = (attack: string) => items.filter(({ label }) => label?.attack === attack)
  const benignOf = (tokenId: string) =>
    items.filter(({ event, label }) => event.token_id === tokenId && label === undefined)

  it('has a size that a demonstration can play', () => {
    expect(items.length).toBeGreaterThan(150_000)
    expect(items.length).toBeLessThan(200_000)
  })

  it('has events of about 470 bytes', () => {
    const bytes = items.reduce((sum, { event }) => sum + Buffer.byteLength(JSON.stringify(event)), 0)
    expect(bytes / items.length).toBeGreaterThan(450)
    expect(bytes / items.length).toBeLessThan(490)
  })

  it('has traffic of every kind of client', () => {
    const active = new Set(items.map(({ event }) => event.token_id))
    const kinds = createEstate(options)
      .filter(({ token }) => active.has(token.token_id))
      .map(({ kind }) => kind)
    expect(new Set(kinds)).toEqual(new Set(CLIENT_KINDS))
    expect(kinds).toHaveLength(30)
  })

  it('comes in event time but for a few that are some seconds late', () => {
    let latestMs = 0
    let late = 0
    for (const { event } of items) {
      const timeMs = Date.parse(event.timestamp)
      if (timeMs < latestMs) late++
      if (latestMs - timeMs > 20_000) throw new Error(`${event.id} is more than 20 s late`)
      latestMs = Math.max(latestMs, timeMs)
    }
    expect(late / items.length).toBeGreaterThan(0.001)
    expect(late / items.length).toBeLessThan(0.01)
  })

  it('has well-formed values', () => {
    for (const { event } of items) {
      const wellFormed =
        isIP(event.ip) > 0 &&
        /^tok_[a-z2-7]{26}$/.test(event.token_id) &&
        /^\/[\w/.-]+$/.test(event.path) &&
        event.status >= 200 &&
        event.status < 600 &&
        (event.bytes_out ?? 0) >= 0 &&
        event.latency_ms >= 0
      if (!wellFormed) throw new Error(JSON.stringify(event))
    }
  })

  it('has the small troubles of real traffic: 404, 429 and 500, new addresses, agents and routes after the first third', () => {
    const benign = items.filter(({ label }) => label === undefined)
    for (const status of [404, 429, 500]) expect(benign.some(({ event }) => event.status === status)).toBe(true)
    const thirdMs = options.startMs + (options.days / 3) * DAY_MS
    for (const field of ['ip', 'user_agent', 'route'] as const) {
      const key = ({ event }: SimulatedEvent) => `${event.token_id} ${event[field] ?? ''}`
      const early = new Set(benign.filter(({ event }) => Date.parse(event.timestamp) < thirdMs).map(key))
      expect(
        benign.some((item) => !early.has(key(item))),
        field,
      ).toBe(true)
    }
  })

  it('has every attack on a token of its own, from the twentieth day on', () => {
    const victims = new Map<string, Set<string>>()
    for (const { label } of items) {
      if (label === undefined) continue
      victims.set(label.attack, (victims.get(label.attack) ?? new Set()).add(label.token_id))
      expect(Date.parse(label.time)).toBeGreaterThanOrEqual(options.startMs + 20 * DAY_MS - HOUR_MS)
    }
    expect([...victims.keys()].sort()).toEqual([
      'enumeration',
      'spike',
      'stolen-same-cloud',
      'stolen-token',
      'woken-token',
    ])
    expect(new Set([...victims.values()].flatMap((tokens) => [...tokens])).size).toBe(5)
  })

  it('plays theft from the same cloud only when asked for all attacks', () => {
    const usual = new Set([...simulate({ ...options, attacks: true })].map(({ label }) => label?.attack))
    expect([...usual].filter((attack) => attack !== undefined).sort()).toEqual([
      'enumeration',
      'spike',
      'stolen-token',
      'woken-token',
    ])
  })

  it.each(['stolen-token', 'stolen-same-cloud'])(
    '%s comes with an address, an agent and routes of its own',
    (attack) => {
      const stolen = attacked(attack)
      const own = benignOf(stolen[0]?.event.token_id ?? '')
      for (const field of ['ip', 'user_agent'] as const) {
        const known = new Set(own.map(({ event }) => event[field]))
        expect(stolen.filter(({ event }) => known.has(event[field]))).toEqual([])
      }
      const endpoint = ({ event }: SimulatedEvent) => `${event.method} ${event.path.split('/')[2] ?? ''}`
      const known = new Set(own.map(endpoint))
      expect(stolen.some((item) => !known.has(endpoint(item)))).toBe(true)
    },
  )

  it('enumerates some hundred different paths, nearly all refused or not there', () => {
    const paths = new Set(attacked('enumeration').map(({ event }) => event.path))
    const refused = attacked('enumeration').filter(({ event }) => event.status === 403 || event.status === 404)
    expect(paths.size).toBeGreaterThanOrEqual(200)
    expect(refused.length / attacked('enumeration').length).toBeGreaterThan(0.8)
  })

  it('spikes to ten times the usual rate and more within one hour', () => {
    const spike = attacked('spike')
    const own = benignOf(spike[0]?.event.token_id ?? '')
    const hours = new Set(spike.map(({ event }) => event.timestamp.slice(0, 13)))
    expect(hours.size).toBe(1)
    expect(spike.length).toBeGreaterThan((10 * own.length) / (options.days * 24))
  })

  it('wakes a token that had been silent for ten days and more', () => {
    const first = attacked('woken-token')[0]?.event
    const last = benignOf(first?.token_id ?? '').at(-1)?.event
    expect(Date.parse(first?.timestamp ?? '') - Date.parse(last?.timestamp ?? '')).toBeGreaterThan(10 * DAY_MS)
  })
})

describe('the registry', () => {
  it('names every token once, created before the traffic and expiring after it', () => {
    const entries = simulatedRegistry({ ...SIMULATION_DEFAULTS, tokens: 400 })
    expect(new Set(entries.map(({ token_id }) => token_id)).size).toBe(400)
    expect(new Set(entries.map(({ name }) => name)).size).toBe(400)
    for (const { created_at, expires_at, scopes } of entries) {
      expect(Date.parse(created_at)).toBeLessThan(SIMULATION_DEFAULTS.startMs)
      expect(Date.parse(expires_at)).toBeGreaterThan(SIMULATION_DEFAULTS.startMs + 30 * DAY_MS)
      expect(scopes.length).toBeGreaterThan(0)
    }
  })
})
