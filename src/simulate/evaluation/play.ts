/** Plays an estate hour by hour: benign calls and attacks become events, in the order in which they reach the log. */
import { DAY_MS, HOUR_MS } from '../../settings.ts'
import type { AbsenceLabel, CanonicalEvent, EventLabel, LabelledEvent } from '../event.ts'
import { createRandom, type Random } from '../random.ts'
import { uuid } from '../services.ts'
import type { AttackKind } from './attacks/index.ts'
import { type PlannedAttack, planAttacks } from './attacks/plan.ts'
import type { Call, Client } from './client.ts'
import { pathOf } from './endpoints.ts'
import { createEstate, type Estate } from './estate.ts'
import type { TokenKind } from './habits/index.ts'
import { timeText } from './registry.ts'
import type { TokenEntry } from './token-entry.ts'
import type { WorldOptions } from './world.ts'

export interface EvaluationOptions extends WorldOptions {
  readonly estate: 'evaluation'
  readonly attacks: boolean | 'all'
  /** Stops after so many events. */
  readonly eventsMax?: number
}

/** A call on its way into the log. */
interface Pending {
  readonly call: Call
  readonly client: Client
  /** The stream that the event's random values come from. */
  readonly random: Random
  readonly attack: PlannedAttack | undefined
  readonly arrivalMs: number
}

interface Played extends Estate {
  readonly attacks: readonly PlannedAttack[]
}

/** What the attacks do to the registry and to their victims is done before anything is played. */
function stage(options: EvaluationOptions): Played {
  const estate = createEstate(options)
  return { ...estate, attacks: options.attacks === false ? [] : planAttacks(estate) }
}

/** See `simulate`. */
export function* playEvaluation(options: EvaluationOptions): Generator<LabelledEvent<AttackKind>> {
  const { world, clients, attacks } = stage(options)
  const streams = clients.map((_, index) => createRandom(options.seed, 'events', index))
  const endMs = options.startMs + options.days * DAY_MS
  const eventsMax = options.eventsMax ?? Infinity
  let events = 0
  let pending: Pending[] = []
  const add = (item: Omit<Pending, 'arrivalMs'>): void => {
    const { endpoint, timeMs, delayMs } = item.call
    pending.push({ ...item, arrivalMs: world.weather.heldUntilMs(endpoint.gateway, timeMs) + (delayMs ?? 0) })
  }
  for (let hourMs = options.startMs; hourMs < endMs; hourMs += HOUR_MS) {
    for (const [index, client] of clients.entries()) {
      const random = streams[index] as Random
      for (const call of client.calls(hourMs)) add({ call, client, random, attack: undefined })
    }
    for (const attack of attacks) {
      for (const { client, call, isOwners } of attack.due(hourMs)) {
        add({ call, client, random: attack.random, attack: isOwners ? undefined : attack })
      }
    }
    pending.sort((left, right) => left.arrivalMs - right.arrivalMs)
    const later = pending.findIndex(({ arrivalMs }) => arrivalMs >= hourMs + HOUR_MS)
    const due = later < 0 ? pending : pending.slice(0, later)
    pending = later < 0 ? [] : pending.slice(later)
    for (const item of due) {
      if (events++ >= eventsMax) return
      yield labelled(item)
    }
  }
}

/** Calls that are missing, in no order. */
export function evaluationAbsences(options: EvaluationOptions): readonly AbsenceLabel[] {
  return stage(options).attacks.flatMap(({ kind, instance, absences }) =>
    absences.map(({ client, fromMs, untilMs }) => {
      const begin = timeText(fromMs)
      return { attack: kind, instance, token_id: client.token.token_id, time: begin, begin, end: timeText(untilMs) }
    }),
  )
}

/** The registry as it stands at the end: tokens that nobody registered are missing. */
export function evaluationRegistry(options: EvaluationOptions): readonly TokenEntry[] {
  const { clients } = stage(options)
  return clients.filter(({ isRegistered }) => isRegistered).map(({ token }) => token)
}

export function evaluationKinds(options: EvaluationOptions): ReadonlyMap<string, TokenKind> {
  return new Map(createEstate(options).clients.map(({ token, kind }) => [token.token_id, kind]))
}

function labelled({ call, client, random, attack }: Pending): LabelledEvent<AttackKind> {
  const event = canonicalEvent(call, client, random)
  if (attack === undefined) return { event, label: undefined }
  const label: EventLabel<AttackKind> = {
    attack: attack.kind,
    instance: attack.instance,
    token_id: event.token_id,
    event_id: event.id,
    time: event.timestamp,
  }
  return { event, label }
}

function canonicalEvent(call: Call, client: Client, random: Random): CanonicalEvent {
  const { endpoint, source, status } = call
  const { tenant, token, work, world } = client
  const { gateway } = endpoint
  const { fields } = world.style
  const typical = endpoint.bytesTypical * work.bytesFactor * Math.exp(0.5 * random.normal())
  const bytes = call.bytes ?? (status >= 400 ? 60 + random.int(200) : Math.round(typical))
  return {
    timestamp: timeText(gateway.isCoarse ? call.timeMs - (call.timeMs % 1_000) : call.timeMs),
    id: uuid(random),
    token_id: token.token_id,
    token_name: fields === 'all' ? token.name : '',
    tenant: fields === 'bare' ? '' : tenant.name,
    service: fields === 'bare' ? '' : gateway.name,
    region: fields === 'all' ? gateway.region : '',
    environment: fields === 'all' ? (call.environment ?? client.environment) : '',
    ip: source.ip,
    method: endpoint.method,
    path: pathOf(random, endpoint, call.tenant ?? tenant.name),
    ...(gateway.sendsRoute && endpoint.unrouted !== true ? { route: endpoint.route } : {}),
    status,
    user_agent: source.userAgent,
    ...(gateway.sendsBytes ? { bytes_out: bytes } : {}),
    latency_ms: Math.round(endpoint.latencyTypicalMs * Math.exp(0.45 * random.normal()) * 10) / 10,
  }
}
