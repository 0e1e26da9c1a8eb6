/** What the evaluation's estate plays: every habit, every attack as it is called, and labels that say so. */
import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import type * as GeoIp from 'geoip-lite'
import { beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/settings.ts'
import { ATTACK_KINDS, type AttackKind } from '../../../src/simulate/evaluation/attacks/index.ts'
import { createEstate } from '../../../src/simulate/evaluation/estate.ts'
import { TOKEN_KINDS } from '../../../src/simulate/evaluation/habits/index.ts'
import type { EvaluationOptions } from '../../../src/simulate/evaluation/play.ts'
import type { CanonicalEvent } from '../../../src/simulate/event.ts'
import {
  EVALUATION_DEFAULTS,
  simulate,
  simulatedAbsences,
  simulatedKinds,
  simulatedRegistry,
} from '../../../src/simulate/simulation.ts'

interface Call {
  readonly timeMs: number
  readonly event: CanonicalEvent
}

const { lookup } = createRequire(import.meta.url)('geoip-lite') as typeof GeoIp
const countryOf = (ip: string) => lookup(ip)?.country ?? ''

/** A seed whose log says everything, with two attacks of each kind. */
const options: EvaluationOptions = { ...EVALUATION_DEFAULTS, seed: 3, tokens: 110, days: 18 }
const ABSENT: readonly string[] = ['went-silent', 'frequency-drop']
const ON_MANY: readonly string[] = ['credential-spraying', 'shared-source']

const registry = new Map(simulatedRegistry(options).map((entry) => [entry.token_id, entry]))
const kinds = simulatedKinds(options)
const absences = simulatedAbsences(options)
const benign = new Map<string, Call[]>()
/** Calls of each attack by its instance. */
const attacks = new Map<string, { readonly kind: AttackKind; readonly calls: Call[] }>()
let inOrder: readonly Call[] = []

beforeAll(() => {
  const all: Call[] = []
  for (const { event, label } of simulate(options)) {
    const call = { timeMs: Date.parse(event.timestamp), event }
    all.push(call)
    if (label === undefined) {
      benign.set(event.token_id, benign.get(event.token_id) ?? [])
      benign.get(event.token_id)?.push(call)
    } else {
      const { event_id, token_id, time, attack, instance } = label
      if (event_id !== event.id || token_id !== event.token_id || time !== event.timestamp)
        throw new Error(`label of ${event.id}`)
      const key = instance ?? ''
      attacks.set(key, attacks.get(key) ?? { kind: attack, calls: [] })
      attacks.get(key)?.calls.push(call)
    }
  }
  inOrder = all
}, 60_000)

/** Every attack of a kind with its victim's own calls. */
const played = (kind: AttackKind) =>
  [...attacks.values()]
    .filter((attack) => attack.kind === kind)
    .map(({ calls }) => {
      const tokenId = calls[0]?.event.token_id ?? ''
      return { calls, tokenId, entry: registry.get(tokenId), own: benign.get(tokenId) ?? [] }
    })

describe('the traffic', () => {
  it('is well-formed, within its time, under ids of its own', () => {
    const ids = new Set<string>()
    for (const { event, timeMs } of inOrder) {
      ids.add(event.id)
      const wellFormed =
        isIP(event.ip) > 0 &&
        kinds.has(event.token_id) &&
        /^\/[\w/.%-]+$/.test(event.path) &&
        !/[{}:]/.test(event.path) &&
        event.status >= 200 &&
        event.status < 600 &&
        timeMs >= options.startMs &&
        timeMs < options.startMs + options.days * DAY_MS
      if (!wellFormed) throw new Error(JSON.stringify(event))
    }
    expect(ids.size).toBe(inOrder.length)
  })

  it('comes in event time, but for some seconds, and minutes where a log was held back', () => {
    let latestMs = 0
    let late = 0
    for (const { timeMs } of inOrder) {
      if (timeMs < latestMs) late++
      if (latestMs - timeMs > 26 * MINUTE_MS) throw new Error(`${(latestMs - timeMs) / MINUTE_MS} minutes late`)
      latestMs = Math.max(latestMs, timeMs)
    }
    expect(late / inOrder.length).toBeGreaterThan(0.001)
    expect(late / inOrder.length).toBeLessThan(0.05)
  })

  it('has benign calls of every kind of token', () => {
    expect(new Set([...benign.keys()].map((id) => kinds.get(id)))).toEqual(new Set(TOKEN_KINDS))
  })

  it('has tokens that share an address, as in an office or behind a gateway', () => {
    const byIp = new Map<string, Set<string>>()
    for (const { event } of [...benign.values()].flat()) {
      byIp.set(event.ip, (byIp.get(event.ip) ?? new Set()).add(event.token_id))
    }
    expect([...byIp.values()].filter((tokens) => tokens.size >= 5).length).toBeGreaterThan(2)
  })

  it('has the troubles of real traffic in benign calls: refusals, rate limits, outages', () => {
    const counts = new Map<number, number>()
    for (const { event } of [...benign.values()].flat()) counts.set(event.status, (counts.get(event.status) ?? 0) + 1)
    for (const status of [401, 403, 404, 429, 500, 503]) expect(counts.get(status), String(status)).toBeGreaterThan(10)
  })

  it('never does by itself what the registry forbids', () => {
    for (const [id, calls] of benign) {
      const entry = registry.get(id)
      if (entry === undefined) continue
      const endsMs = [entry.expires_at, entry.revoked_at, entry.compromised_at].map((time) => Date.parse(time ?? ''))
      const lastMs = Math.max(...calls.map(({ timeMs }) => timeMs))
      for (const endMs of endsMs) if (lastMs > endMs) throw new Error(`${entry.name} is used after its end`)
      const readable = entry.scopes.some((scope) => scope.includes(':'))
      for (const { event } of calls) {
        const resource = event.path.replace(/^\/(api\/)?v\d+/, '').split('/')[1] ?? ''
        const scope = `${resource}:${event.method === 'GET' ? 'read' : 'write'}`
        if (readable && event.status < 300 && !entry.scopes.includes(scope)) throw new Error(`${entry.name}: ${scope}`)
        if (
          /\/tenants\/([^/]+)/.exec(event.path)?.[1] !== (event.path.includes('/tenants/') ? entry.tenant : undefined)
        ) {
          throw new Error(`${entry.name} of ${entry.tenant}: ${event.path}`)
        }
      }
    }
  })
})

describe('the labels', () => {
  it('tell of attacks of every kind, hidden from the tenth day on', () => {
    const kindsPlayed = [...attacks.values()].map(({ kind }) => kind)
    expect([...new Set([...kindsPlayed, ...absences.map(({ attack }) => attack)])].sort()).toEqual(
      [...ATTACK_KINDS].sort(),
    )
    const firstMs = Math.min(...[...attacks.values()].flatMap(({ calls }) => calls.map(({ timeMs }) => timeMs)))
    expect(firstMs).toBeGreaterThan(options.startMs + options.days * 0.39 * DAY_MS)
  })

  it('give each attack a token of its own, but for those on many', () => {
    const alone = [...attacks.values()].filter(({ kind }) => !ON_MANY.includes(kind))
    const victims = alone.map(({ calls }) => new Set(calls.map(({ event }) => event.token_id)))
    expect(victims.every((tokens) => tokens.size === 1)).toBe(true)
    expect(new Set(victims.flatMap((tokens) => [...tokens])).size).toBe(alone.length)
  })

  it('tell of absences from when to when', () => {
    expect(new Set(absences.map(({ attack }) => attack))).toEqual(new Set(ABSENT))
    for (const { attack, token_id, begin, end, time } of absences) {
      expect(time).toBe(begin)
      const [fromMs, untilMs] = [Date.parse(begin), Date.parse(end)]
      const own = benign.get(token_id) ?? []
      const within = own.filter(({ timeMs }) => timeMs >= fromMs && timeMs < untilMs).length
      const before = own.filter(({ timeMs }) => timeMs < fromMs && timeMs >= fromMs - 7 * DAY_MS).length
      if (attack === 'went-silent') expect(within).toBe(0)
      else expect(within / (untilMs - fromMs)).toBeLessThan((0.5 * before) / (7 * DAY_MS))
      expect(before).toBeGreaterThan(20)
    }
  })

  it('are none without attacks, and the registry knows of none then', () => {
    const quiet: EvaluationOptions = { ...options, tokens: 40, days: 3, attacks: false }
    expect([...simulate(quiet)].every(({ label }) => label === undefined)).toBe(true)
    expect(simulatedAbsences(quiet)).toEqual([])
    expect(simulatedRegistry(quiet).some((entry) => 'compromised_at' in entry || 'revoked_at' in entry)).toBe(false)
  })
})

describe('attacks are what they are called', () => {
  it.each([
    ['theft-hosting', false],
    ['theft-residential', true],
    ['theft-same-cloud', true],
    ['concurrent-use', true],
  ] as const)('%s: another address, known country: %s', (kind, isKnown) => {
    for (const { calls, own, tokenId } of played(kind)) {
      const client = createEstate(options).clients.find(({ token }) => token.token_id === tokenId)
      const countries = new Set(client?.habit.where.networks.map(({ country }) => country))
      const ips = new Set(own.map(({ event }) => event.ip))
      for (const { event } of calls) {
        expect(ips.has(event.ip)).toBe(false)
        expect(countries.has(countryOf(event.ip))).toBe(isKnown)
      }
    }
  })

  it.each(['slow-ramp', 'frequency-spike', 'unusual-hour', 'error-burst', 'agent-only'] as const)(
    '%s: from countries of its own',
    (kind) => {
      for (const { calls, own } of played(kind)) {
        const countries = new Set(own.map(({ event }) => countryOf(event.ip)))
        expect(calls.filter(({ event }) => !countries.has(countryOf(event.ip)))).toEqual([])
      }
    },
  )

  it('impossible-travel: the owner goes on within the hour', () => {
    for (const { calls, own } of played('impossible-travel')) {
      const [firstMs, lastMs] = [calls[0]?.timeMs ?? 0, calls.at(-1)?.timeMs ?? 0]
      expect(own.some(({ timeMs }) => timeMs > firstMs - 2 * HOUR_MS && timeMs < lastMs + 2 * HOUR_MS)).toBe(true)
    }
  })

  it('agent-only and error-burst: an agent that is not, or is, its own', () => {
    for (const { calls, own } of played('agent-only')) {
      const agents = new Set(own.map(({ event }) => event.user_agent))
      expect(calls.some(({ event }) => agents.has(event.user_agent))).toBe(false)
    }
    const refused = played('error-burst').flatMap(({ calls }) => calls.map(({ event }) => event.status >= 400))
    expect(refused.filter(Boolean).length / refused.length).toBeGreaterThan(0.6)
  })

  it('frequency-spike: many times the busiest hour of the days before, or at least fifty calls', () => {
    for (const { calls } of played('frequency-spike')) expect(calls.length).toBeGreaterThanOrEqual(50)
  })

  it('unusual-hour: at hours of the day at which the token had never called', () => {
    for (const { calls, own } of played('unusual-hour')) {
      const firstMs = calls[0]?.timeMs ?? 0
      const hours = own.filter(({ timeMs }) => timeMs < firstMs).map(({ timeMs }) => Math.floor(timeMs / HOUR_MS) % 24)
      expect(hours.filter((hour) => hour === Math.floor(firstMs / HOUR_MS) % 24).length).toBeLessThan(2)
    }
  })

  it('first-write: nothing but reads before', () => {
    for (const { calls, own } of played('first-write')) {
      expect(own.every(({ event }) => event.method === 'GET')).toBe(true)
      expect(calls.every(({ event }) => event.method !== 'GET')).toBe(true)
    }
  })

  it('dormant-woken: silent for ten days', () => {
    for (const { calls, own } of played('dormant-woken')) {
      const firstMs = calls[0]?.timeMs ?? 0
      expect(own.some(({ timeMs }) => timeMs < firstMs && timeMs > firstMs - 10 * DAY_MS)).toBe(false)
    }
  })

  it.each([
    ['expired-used', 'expires_at'],
    ['revoked-used', 'revoked_at'],
    ['leaked-token-used', 'compromised_at'],
  ] as const)('%s: after what the registry says in %s', (kind, field) => {
    for (const { calls, entry } of played(kind)) {
      const endMs = Date.parse(entry?.[field] ?? '')
      expect(calls.every(({ timeMs }) => timeMs >= endMs)).toBe(true)
    }
  })

  it('rotated-old-token-used: another token took over before', () => {
    for (const { calls, tokenId } of played('rotated-old-token-used')) {
      const successor = [...registry.values()].find(({ rotated_from }) => rotated_from === tokenId)
      expect(Date.parse(successor?.created_at ?? '')).toBeLessThan(calls[0]?.timeMs ?? 0)
    }
  })

  it('scope-exceeded, foreign-tenant, wrong-environment, sensitive-route: as the registry and the paths say', () => {
    for (const { calls, entry } of played('scope-exceeded')) {
      for (const { event } of calls) {
        const resource = event.path.replace(/^\/(api\/)?v\d+/, '').split('/')[1] ?? ''
        expect(entry?.scopes).not.toContain(`${resource}:${event.method === 'GET' ? 'read' : 'write'}`)
      }
    }
    for (const { calls, entry } of played('foreign-tenant')) {
      const others = calls.map(({ event }) => /\/tenants\/([^/]+)/.exec(event.path)?.[1])
      expect(others.every((tenant) => tenant !== undefined && tenant !== entry?.tenant)).toBe(true)
    }
    for (const { calls, entry } of played('wrong-environment')) {
      expect(calls.every(({ event }) => event.environment !== entry?.environment)).toBe(true)
    }
    for (const { calls } of played('sensitive-route')) {
      const sensitive = /\/(users|exports|admin|audit-log|tokens|api-keys|keys|iam|secrets|backups)(\/|$)/
      expect(calls.every(({ event }) => sensitive.test(event.path))).toBe(true)
    }
  })

  it('credential-spraying and shared-source: one place, many tokens; failing, or not', () => {
    const shareRefused = (calls: readonly Call[]) =>
      calls.filter(({ event }) => event.status === 401 || event.status === 403).length / calls.length
    for (const kind of ['credential-spraying', 'shared-source'] as const) {
      for (const { calls } of played(kind)) {
        expect(new Set(calls.map(({ event }) => event.token_id)).size).toBeGreaterThanOrEqual(3)
        expect(new Set(calls.map(({ event }) => event.ip)).size).toBeLessThanOrEqual(3)
        if (kind === 'credential-spraying') expect(shareRefused(calls)).toBeGreaterThan(0.8)
        else expect(shareRefused(calls)).toBeLessThan(0.6)
      }
    }
  })

  it('bulk-transfer and enumeration: far more bytes, or many paths that are refused', () => {
    for (const { calls, own } of played('bulk-transfer')) {
      const usual = own.reduce((sum, { event }) => sum + (event.bytes_out ?? 0), 0) / own.length
      const taken = calls.reduce((sum, { event }) => sum + (event.bytes_out ?? 0), 0) / calls.length
      expect(taken).toBeGreaterThan(2 * usual)
    }
    for (const { calls } of played('enumeration')) {
      expect(new Set(calls.map(({ event }) => `${event.method} ${event.path}`)).size).toBeGreaterThanOrEqual(20)
      expect(calls.filter(({ event }) => event.status >= 400).length / calls.length).toBeGreaterThan(0.4)
    }
  })
})
