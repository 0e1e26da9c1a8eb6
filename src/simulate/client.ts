/** One simulated token: a habit that says when and from where it calls, turned into single calls hour by hour. */
import { DAY_MS, HOUR_MS } from '../settings.ts'
import type { Network } from './networks.ts'
import type { Random } from './random.ts'
import type { Endpoint, Service } from './services.ts'

export interface Source {
  readonly ip: string
  readonly userAgent: string
}

/** What a kind of client does. Only `advance` may change state, so that an attack can borrow a source unnoticed. */
export interface Habit {
  /** Where it calls from. The first is its home. */
  readonly networks: readonly Network[]
  /** Called once at the start of each hour, in order: addresses move, versions roll out. */
  advance(hourMs: number): void
  /** Mean number of visits in the hour. A visit is a run of calls from one source. */
  visitsPerHour(hourMs: number): number
  /** Mean number of calls of a visit, at least 1. */
  readonly callsPerVisit: number
  /** Over how long the calls of a visit spread. */
  readonly visitMs: number
  /** Where the next visit comes from. */
  source(random: Random): Source
  /** Minutes of the hour in which visits begin; all of it when absent. */
  readonly beginMinutes?: readonly [from: number, to: number]
  /** When a deploy adds a route to what it calls. */
  readonly deployMs?: number
  /** Share of calls that are answered 404, if unusual. */
  readonly notFoundShare?: number
  /** Share of calls that are answered 429 in the hour. */
  rateLimitedShare?(hourMs: number): number
}

/** What a habit is made from. `ordinal` counts the clients of its kind, so that neighbours differ. */
export interface HabitContext {
  readonly random: Random
  readonly ordinal: number
  readonly service: Service
  readonly startMs: number
  readonly days: number
}

/** Who holds the token, in the form that `replay --tokens` reads. */
export interface RegistryEntry {
  readonly token_id: string
  readonly name: string
  readonly owner: string
  readonly tenant: string
  readonly service: string
  readonly scopes: readonly string[]
  /** RFC 3339. */
  readonly created_at: string
  /** RFC 3339. */
  readonly expires_at: string
}

/** A call before it is written as an event. */
export interface Call {
  readonly timeMs: number
  /** When its event reaches the log: a little later for a few. */
  readonly arrivalMs: number
  readonly source: Source
  readonly endpoint: Endpoint
  readonly status: number
}

export interface Client<Kind extends string = string> {
  readonly kind: Kind
  readonly token: RegistryEntry
  readonly service: Service
  readonly networks: readonly Network[]
  /** Calls of visits that begin in the hour, in no order; the last may reach into the next hour. */
  calls(hourMs: number): readonly Call[]
  /** Mean number of calls in the hour. */
  callsPerHour(hourMs: number): number
  /** A source as this client has it in the current hour, drawn with the caller's randomness. */
  source(random: Random): Source
  endpoint(random: Random): Endpoint
}

export interface ClientOptions<Kind extends string> {
  readonly kind: Kind
  readonly token: RegistryEntry
  readonly service: Service
  readonly habit: Habit
  readonly random: Random
  /** Factor on the number of visits, so that tokens of one kind differ in size. */
  readonly scale: number
}

export function createClient<Kind extends string>(options: ClientOptions<Kind>): Client<Kind> {
  const { habit, random, scale } = options
  const [endpoints, deployed] = chooseEndpoints(random, options.service)
  const endpointAt = (random: Random, timeMs: number) =>
    habit.deployMs !== undefined && timeMs >= habit.deployMs && random.chance(0.08)
      ? deployed
      : (endpoints[Math.floor(random.next() ** 1.8 * endpoints.length)] as Endpoint)

  function* visit(hourMs: number): Generator<Call> {
    const [from, to] = habit.beginMinutes ?? [0, 60]
    const beginMs = hourMs + random.between(from, to) * (HOUR_MS / 60)
    const source = habit.source(random)
    const count = 1 + random.poisson(habit.callsPerVisit - 1)
    for (let index = 0; index < count; index++) {
      const timeMs = Math.floor(beginMs + random.next() * habit.visitMs)
      const endpoint = endpointAt(random, timeMs)
      const status = statusOf(random, endpoint, habit.notFoundShare ?? 0.003, habit.rateLimitedShare?.(hourMs) ?? 0)
      yield { timeMs, arrivalMs: timeMs + shippingDelayMs(random), source, endpoint, status }
    }
  }

  return {
    kind: options.kind,
    token: options.token,
    service: options.service,
    networks: habit.networks,
    calls: (hourMs) => {
      habit.advance(hourMs)
      const calls: Call[] = []
      for (let visits = random.poisson(scale * habit.visitsPerHour(hourMs)); visits > 0; visits--) {
        calls.push(...visit(hourMs))
      }
      return calls
    },
    callsPerHour: (hourMs) => scale * habit.visitsPerHour(hourMs) * habit.callsPerVisit,
    source: (random) => habit.source(random),
    endpoint: (random) => endpointAt(random, 0),
  }
}

/** The time of an event on the simulation's day `day`, counted from 0, at `hour` and its fraction. */
export function atDay(startMs: number, day: number, hour: number): number {
  return startMs + day * DAY_MS + hour * HOUR_MS
}

/** Three to five routes in an order of the client's own, and one more that a deploy may bring. */
function chooseEndpoints(random: Random, service: Service): [readonly Endpoint[], Endpoint] {
  const rest = [...service.endpoints]
  const take = () => rest.splice(Math.floor(random.next() ** 1.5 * rest.length), 1)[0] as Endpoint
  const usual = Array.from({ length: 3 + random.int(3) }, take)
  return [usual, take()]
}

function statusOf(random: Random, endpoint: Endpoint, notFoundShare: number, rateLimitedShare: number): number {
  const draw = random.next()
  if (draw < rateLimitedShare) return 429
  if (draw < rateLimitedShare + notFoundShare) return 404
  if (draw > 0.9985) return draw > 0.9993 ? 500 : 503
  if (endpoint.method === 'POST') return 201
  return endpoint.method === 'DELETE' ? 204 : 200
}

/** One event in two hundred waits for some seconds in a shipper's buffer. */
function shippingDelayMs(random: Random): number {
  return random.chance(0.005) ? Math.floor(random.between(1_000, 20_000)) : 0
}
