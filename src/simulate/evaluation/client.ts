/** One token at work: its habit turned into single calls, hour by hour. */
import { DAY_MS, HOUR_MS } from '../../settings.ts'
import type { Random } from '../random.ts'
import type { Endpoint } from './endpoints.ts'
import type { Habit } from './habit.ts'
import type { TokenEntry } from './token-entry.ts'
import type { Service } from './services.ts'
import type { Tenant } from './tenants.ts'
import { createWork, type Work, type WorkPlan } from './work.ts'
import type { World } from './world.ts'

export interface Source {
  readonly ip: string
  readonly userAgent: string
}

/** A call before it is written as an event. */
export interface Call {
  readonly timeMs: number
  /** How much later its event reaches the log: nothing, but for a few. */
  readonly delayMs?: number
  readonly source: Source
  readonly endpoint: Endpoint
  readonly status: number
  /** Instead of what is typical of the endpoint. */
  readonly bytes?: number
  /** Instead of the caller's own, in the path. */
  readonly tenant?: string
  readonly environment?: string
}

/** A time in which only a share of the calls is made; none when the token is given up or its client is down. */
export interface Interruption {
  readonly fromMs: number
  readonly untilMs: number
  readonly share: number
}

export interface Client<Kind extends string = string> {
  readonly kind: Kind
  readonly world: World
  readonly habit: Habit
  readonly tenant: Tenant
  readonly service: Service
  readonly environment: string
  readonly work: Work
  readonly token: TokenEntry
  /** Whether the registry knows it. */
  readonly isRegistered: boolean
  /** Calls of visits that begin in the hour, in no order; the last may reach into the next hours. */
  calls(hourMs: number): readonly Call[]
  /** Mean number of calls in the hour. Pure. */
  expected(hourMs: number): number
  /** A source as this client has it in the current hour, drawn with the caller's randomness. */
  source(random: Random, hourMs: number): Source
  /** To be asked for before the first hour. */
  interrupt(interruption: Interruption): void
}

export interface ClientOptions<Kind extends string> {
  readonly kind: Kind
  readonly habit: Habit
  readonly tenant: Tenant
  readonly service: Service
  readonly world: World
  readonly environment: string
  readonly token: TokenEntry
  /** Whether the registry knows it. */
  readonly isRegistered: boolean
  readonly random: Random
  /** Factor on the calls of a day. */
  readonly scale: number
}

const CALLS_PER_VISIT_MAX = 40

export function createClient<Kind extends string>(options: ClientOptions<Kind>): Client<Kind> {
  const { habit, random, service, tenant, world } = options
  const perHour = (options.scale * habit.callsPerDay) / 24 / meanLoad(habit, world)
  const work = createWork(random, workPlanOf(options))
  const isPerson = habit.traits.isPerson
  const noise = createNoise(random, (habit.noise ?? random.between(0.1, 0.5)) * world.style.noise)
  const interruptions: Interruption[] = []
  const phaseMs = random.next()
  const visitShare = random.between(0.2, 1)

  const expected = (hourMs: number) =>
    perHour * habit.load(hourMs) * world.weather.load(tenant, service, isPerson, hourMs)
  const source = (random: Random, hourMs: number): Source => ({
    ip: habit.where.address(random, hourMs),
    userAgent: habit.agent(hourMs, random),
  })

  function addVisit(beginMs: number, hourMs: number, calls: Call[]): void {
    const from = source(random, hourMs)
    const count = 1 + Math.min(CALLS_PER_VISIT_MAX * habit.callsPerVisit, exponential(random, habit.callsPerVisit - 1))
    for (let index = 0; index < count; index++) {
      const offsetMs = index === 0 ? 0 : random.next() * habit.visitMs * visitShare * 2
      const timeMs = Math.floor(beginMs + offsetMs)
      const delayMs = shippingDelayMs(random)
      const endpoint = work.endpoint(random, timeMs)
      const status = work.status(random, endpoint, timeMs, world.weather.failureShare(service, timeMs))
      const interruption = interruptions.find(({ fromMs, untilMs }) => timeMs >= fromMs && timeMs < untilMs)
      if (interruption !== undefined && !random.chance(interruption.share)) continue
      calls.push({ timeMs, delayMs, source: from, endpoint, status })
    }
  }

  return {
    ...options,
    work,
    expected: (hourMs) => expected(hourMs) * (interruptions.find((one) => covers(one, hourMs))?.share ?? 1),
    source,
    interrupt: (interruption) => interruptions.push(interruption),
    calls: (hourMs) => {
      habit.where.advance?.(hourMs)
      const visits = (expected(hourMs) * noise(hourMs)) / habit.callsPerVisit
      const calls: Call[] = []
      if (habit.isRegular === true) {
        for (const beginMs of ticks(hourMs, expected(hourMs) / habit.callsPerVisit, phaseMs))
          addVisit(beginMs, hourMs, calls)
      } else {
        for (let left = random.poisson(visits); left > 0; left--)
          addVisit(hourMs + random.next() * HOUR_MS, hourMs, calls)
      }
      return calls
    },
  }
}

function covers({ fromMs, untilMs }: Interruption, timeMs: number): boolean {
  return timeMs >= fromMs && timeMs < untilMs
}

/** Mean load of the first weeks in which there is any, by the hour. */
function meanLoad({ load }: Habit, { startMs, days }: World): number {
  const hours = Math.min(days, 21) * 24
  const endMs = startMs + days * DAY_MS
  let beginMs = startMs
  while (beginMs < endMs && load(beginMs) === 0) beginMs += HOUR_MS
  let sum = 0
  for (let hour = 0; hour < hours; hour++) sum += load(beginMs + hour * HOUR_MS)
  return Math.max(sum / hours, 1e-6)
}

/** One or two services, what they bring, and some routes that the client takes up when it is deployed itself. */
function workPlanOf<Kind extends string>({ habit, service, tenant, world, random }: ClientOptions<Kind>): WorkPlan {
  const options = habit.work ?? {}
  const second = random.pick(tenant.services)
  const services = random.chance(0.15) && second !== service ? [service, second] : [service]
  const followMs = random.between(0, 6) * HOUR_MS
  const readable = (endpoints: readonly Endpoint[]) =>
    endpoints.filter(({ kind }) => kind !== 'write' || options.readOnly !== true)
  const deploys = world.weather.deploys(service)
  const brought = deploys.map(({ timeMs, endpoints }) => ({
    timeMs: timeMs + followMs,
    endpoints: readable(endpoints),
  }))
  const own = (habit.deploysMs ?? []).map((timeMs) => ({
    timeMs,
    endpoints: readable(random.chance(0.6) ? [random.pick(service.endpoints)] : []),
  }))
  const migrating = deploys.find(({ twins }) => twins !== undefined)
  const lastsMs = random.pick([1 / 60, 4, 72]) * HOUR_MS
  const migration =
    migrating?.twins === undefined
      ? undefined
      : { fromMs: migrating.timeMs + followMs, untilMs: migrating.timeMs + followMs + lastsMs, twins: migrating.twins }
  return { services, options, additions: [...brought, ...own], migration }
}

/** Factors with mean 1 that hang together from hour to hour. */
function createNoise(random: Random, deviation: number): (hourMs: number) => number {
  let state = random.normal()
  let day = random.normal()
  return (hourMs) => {
    state = 0.6 * state + 0.8 * random.normal()
    if (hourMs % DAY_MS === 0) day = random.normal()
    return Math.exp(deviation * (0.8 * state + 0.6 * day) - (deviation * deviation) / 2)
  }
}

/** Times by the clock: every so often, counted from 1970 and shifted by the client's own phase, a second more or less. */
function ticks(hourMs: number, perHour: number, phase: number): readonly number[] {
  if (perHour <= 0) return []
  const periodMs = HOUR_MS / perHour
  const first = Math.ceil(hourMs / periodMs - phase)
  const found: number[] = []
  for (let tick = first; (tick + phase) * periodMs < hourMs + HOUR_MS; tick++) found.push((tick + phase) * periodMs)
  return found
}

/** A whole number with an exponential distribution, about geometric. */
function exponential(random: Random, mean: number): number {
  return mean <= 0 ? 0 : Math.floor(-Math.log(1 - random.next()) * (mean + 0.5))
}

/** One event in two hundred waits for some seconds in a shipper's buffer. */
function shippingDelayMs(random: Random): number {
  return random.chance(0.005) ? Math.floor(random.between(1_000, 20_000)) : 0
}
