/** Believable API traffic out of a seed: what the demonstration plays and the benchmarks measure. */
import { DAY_MS, HOUR_MS } from '../settings.ts'
import { type AttackName, type PlannedAttack, planAttacks } from './attacks/index.ts'
import { type Call, type Client, type RegistryEntry } from './client.ts'
import { createEstate, type EstateOptions } from './estate.ts'
import type { AttackKind } from './evaluation/attacks/index.ts'
import {
  evaluationAbsences,
  evaluationKinds,
  type EvaluationOptions,
  evaluationRegistry,
  playEvaluation,
} from './evaluation/play.ts'
import type { TokenEntry } from './evaluation/token-entry.ts'
import type { AbsenceLabel, CanonicalEvent, EventLabel, LabelledEvent } from './event.ts'
import { createRandom, type Random } from './random.ts'
import { pathOf, uuid } from './services.ts'

export interface SimulationOptions extends EstateOptions {
  readonly estate?: 'demo'
  /** A whole hour. */
  readonly startMs: number
  /** `all` adds the attacks that nothing obvious gives away. */
  readonly attacks: boolean | 'all'
  /** Stops after so many events. */
  readonly eventsMax?: number
}

export type AnyOptions = SimulationOptions | EvaluationOptions

export const SIMULATION_DEFAULTS = {
  seed: 7,
  tokens: 30,
  days: 30,
  startMs: Date.UTC(2026, 9, 1),
  attacks: true,
} as const satisfies SimulationOptions

/** The estate that detection is measured on: of the size that it is measured at. */
export const EVALUATION_DEFAULTS = {
  estate: 'evaluation',
  seed: 1,
  tokens: 400,
  days: 35,
  startMs: SIMULATION_DEFAULTS.startMs,
  attacks: true,
} as const satisfies EvaluationOptions

export type AttackLabel = EventLabel<AttackName>
export type SimulatedEvent = LabelledEvent<AttackName>

/** A call on its way into the log. */
interface Pending {
  readonly call: Call
  readonly client: Client
  /** The stream that the event's random values come from. */
  readonly random: Random
  readonly attack: AttackName | undefined
}

/**
 * Yields events in the order in which they reach the log: event time, save for a few that come late. The same options
 * give the same events. In the demonstration other tokens, attacks or a longer time change none of a token's own events;
 * in the evaluation's estate they do, for its size is kept and attacks take calls away.
 * Memory holds the tokens and the calls of about one hour, however many days are simulated. Throws RangeError where the
 * start is no whole hour.
 */
export function simulate(options: SimulationOptions): Generator<SimulatedEvent>
export function simulate(options: EvaluationOptions): Generator<LabelledEvent<AttackKind>>
export function simulate(options: AnyOptions): Generator<LabelledEvent<string>>
export function* simulate(options: AnyOptions): Generator<LabelledEvent<string>> {
  if (options.startMs % HOUR_MS !== 0) throw new RangeError(`startMs is ${options.startMs}, expected a whole hour`)
  yield* options.estate === 'evaluation' ? playEvaluation(options) : playDemo(options)
}

function* playDemo(options: SimulationOptions): Generator<SimulatedEvent> {
  const clients = createEstate(options)
  const streams = clients.map((_, index) => createRandom(options.seed, 'events', index))
  const attacks = planAttacks(clients, options)
  const endMs = options.startMs + options.days * DAY_MS
  const eventsMax = options.eventsMax ?? Infinity
  let events = 0
  let pending: Pending[] = []
  for (let hourMs = options.startMs; hourMs < endMs; hourMs += HOUR_MS) {
    for (const [index, client] of clients.entries()) {
      const random = streams[index] as Random
      for (const call of client.calls(hourMs)) pending.push({ call, client, random, attack: undefined })
    }
    pending.push(...attacks.filter(({ beginMs }) => Math.floor((beginMs - hourMs) / HOUR_MS) === 0).flatMap(stage))
    pending.sort((left, right) => left.call.arrivalMs - right.call.arrivalMs)
    const later = pending.findIndex(({ call }) => call.arrivalMs >= hourMs + HOUR_MS)
    const due = later < 0 ? pending : pending.slice(0, later)
    pending = later < 0 ? [] : pending.slice(later)
    for (const item of due) {
      if (events++ >= eventsMax) return
      yield simulatedEvent(item)
    }
  }
}

/** Who holds the tokens of a simulation, in the form that `replay --tokens` reads. */
export function simulatedRegistry(options: EstateOptions & { readonly estate?: 'demo' }): readonly RegistryEntry[]
export function simulatedRegistry(options: EvaluationOptions): readonly TokenEntry[]
export function simulatedRegistry(options: AnyOptions): readonly (RegistryEntry | TokenEntry)[]
export function simulatedRegistry(
  options: (EstateOptions & { readonly estate?: 'demo' }) | EvaluationOptions,
): readonly (RegistryEntry | TokenEntry)[] {
  return options.estate === 'evaluation' ? evaluationRegistry(options) : createEstate(options).map(({ token }) => token)
}

/** What kind of client holds each token, by its id, so that false alarms can be counted by habit. */
export function simulatedKinds(options: AnyOptions): ReadonlyMap<string, string> {
  if (options.estate === 'evaluation') return evaluationKinds(options)
  return new Map(createEstate(options).map(({ token, kind }) => [token.token_id, kind]))
}

/** Calls that are missing although nobody meant them to be. The demonstration has none. */
export function simulatedAbsences(options: AnyOptions): readonly AbsenceLabel[] {
  return options.estate === 'evaluation' ? evaluationAbsences(options) : []
}

function stage(attack: PlannedAttack): readonly Pending[] {
  const { name, victim, random } = attack
  return attack.calls().map((call) => ({ call, client: victim, random, attack: name }))
}

function simulatedEvent({ call, client, random, attack }: Pending): SimulatedEvent {
  const event = canonicalEvent(call, client, random)
  if (attack === undefined) return { event, label: undefined }
  return { event, label: { attack, token_id: event.token_id, event_id: event.id, time: event.timestamp } }
}

function canonicalEvent(call: Call, { token, service }: Client, random: Random): CanonicalEvent {
  const { endpoint, source, status } = call
  const refused = status >= 400
  const routed = service.sendsRoute && endpoint.unrouted !== true
  return {
    timestamp: new Date(call.timeMs).toISOString(),
    id: uuid(random),
    token_id: token.token_id,
    token_name: token.name,
    tenant: service.tenant,
    service: service.name,
    region: service.region,
    environment: 'production',
    ip: source.ip,
    method: endpoint.method,
    path: pathOf(random, endpoint.route),
    ...(routed ? { route: endpoint.route } : {}),
    status,
    user_agent: source.userAgent,
    bytes_out: refused ? 90 + random.int(60) : Math.round(endpoint.bytesTypical * random.between(0.6, 1.5)),
    latency_ms: Math.round(endpoint.latencyTypicalMs * Math.exp(0.45 * random.normal()) * 10) / 10,
  }
}
