/** What a client calls and what it is answered: its own routes, its own mistakes. */
import type { Random } from '../random.ts'
import type { Endpoint } from './endpoints.ts'
import type { Service } from './services.ts'

export interface WorkOptions {
  /** How many routes it uses at first. */
  readonly routes?: number
  /** Only reads, although its scopes may allow more. */
  readonly readOnly?: boolean
  /** Share of calls that go to any route of the service. */
  readonly curiosity?: number
  /** Sensitive routes that it uses all the time. */
  readonly sensitiveRoutes?: number
  /** Share of calls that are refused, for as long as it lives, and with which statuses. */
  readonly refused?: { readonly share: number; readonly statuses: readonly number[] }
  /** Whether what is refused are routes of its own that nothing else goes to. */
  readonly refusesWholeRoutes?: boolean
  /** Share of 429 in an hour. */
  limitedShare?(hourMs: number): number
  /** A time in which a broken version asks for what is not there, or in a way that nobody understands. */
  readonly broken?: {
    readonly fromMs: number
    readonly untilMs: number
    readonly share: number
    readonly status: number
  }
  /** Factor on the bytes of answers. */
  readonly bytesFactor?: number
}

export interface Work {
  /** Routes that it uses from the beginning. */
  readonly usual: readonly Endpoint[]
  /** All that it may ever call. */
  readonly reach: readonly Endpoint[]
  readonly bytesFactor: number
  endpoint(random: Random, timeMs: number): Endpoint
  /** @param failureShare share of calls that the service itself fails. */
  status(random: Random, endpoint: Endpoint, timeMs: number, failureShare: number): number
}

/** Routes that are added at a time: by a deploy of the service, or of the client. */
export interface Addition {
  readonly timeMs: number
  readonly endpoints: readonly Endpoint[]
}

/** The client goes over to other routes for the same things, call by call until it is done. */
export interface Migration {
  readonly fromMs: number
  readonly untilMs: number
  readonly twins: ReadonlyMap<Endpoint, Endpoint>
}

export interface WorkPlan {
  /** The main one first. */
  readonly services: readonly Service[]
  readonly options: WorkOptions
  readonly additions: readonly Addition[]
  readonly migration: Migration | undefined
}

export function createWork(random: Random, { services, options, additions, migration }: WorkPlan): Work {
  const usual = services.flatMap((service, index) =>
    chooseRoutes(
      random,
      service,
      index === 0 ? options : { ...options, routes: 1 + random.int(3), sensitiveRoutes: 0 },
    ),
  )
  const everything = services.flatMap(({ endpoints }) => endpoints)
  const skew = random.between(1.1, 3.5)
  const strayShare = random.between(0.0002, 0.004)
  const serverErrorShare = Math.exp(random.between(Math.log(0.0001), Math.log(0.004)))
  const newShare = random.between(0.02, 0.25)
  const refused = options.refused ?? { share: strayShare, statuses: [404, 404, 404, 400, 422, 409] }
  const doomed = options.refusesWholeRoutes === true ? new Set(usual.slice(-1)) : undefined
  const later = additions.filter(({ endpoints }) => endpoints.length > 0)

  const stray = everything.filter(({ kind }) => options.readOnly !== true || kind !== 'write')
  const added = additions.flatMap(({ endpoints }) => endpoints)

  function choose(random: Random, timeMs: number): Endpoint {
    if (stray.length > 0 && random.chance(options.curiosity ?? 0)) return random.pick(stray)
    if (later.length > 0 && random.chance(newShare)) {
      const known = later.filter((addition) => addition.timeMs <= timeMs)
      if (known.length > 0) return random.pick(random.pick(known).endpoints)
    }
    if (doomed !== undefined && random.chance(refused.share)) return usual.at(-1) as Endpoint
    return usual[Math.floor(random.next() ** skew * usual.length)] as Endpoint
  }

  return {
    usual,
    reach: [...usual, ...added, ...(options.curiosity === undefined ? [] : stray)],
    bytesFactor: options.bytesFactor ?? Math.exp(0.6 * random.normal()),
    endpoint: (random, timeMs) => {
      const chosen = choose(random, timeMs)
      if (migration === undefined || timeMs < migration.fromMs) return chosen
      const isOver = random.chance((timeMs - migration.fromMs) / (migration.untilMs - migration.fromMs))
      return isOver ? (migration.twins.get(chosen) ?? chosen) : chosen
    },
    status: (random, endpoint, timeMs, failureShare) => {
      const draw = random.next()
      if (draw < failureShare + serverErrorShare) return random.pick(SERVER_ERRORS)
      if (random.chance(options.limitedShare?.(timeMs) ?? 0)) return 429
      const { broken } = options
      if (broken !== undefined && timeMs >= broken.fromMs && timeMs < broken.untilMs) {
        if (random.chance(broken.share)) return broken.status
      }
      const refusedHere = doomed === undefined ? random.chance(refused.share) : doomed.has(endpoint)
      if (refusedHere) return random.pick(refused.statuses)
      return endpoint.success
    },
  }
}

const SERVER_ERRORS = [500, 502, 503, 503, 504]

function chooseRoutes(random: Random, service: Service, options: WorkOptions): readonly Endpoint[] {
  const allowed = service.endpoints.filter(({ kind }) => options.readOnly !== true || kind !== 'write')
  const rest = allowed.length > 0 ? [...allowed] : [...service.endpoints]
  const routes: Endpoint[] = []
  for (let wanted = options.routes ?? 2 + random.int(7); wanted > 0 && rest.length > 0; wanted--) {
    routes.push(rest.splice(Math.floor(random.next() ** 1.6 * rest.length), 1)[0] as Endpoint)
  }
  const sensitive = [...service.sensitive]
  for (let wanted = options.sensitiveRoutes ?? 0; wanted > 0; wanted--) {
    routes.push(sensitive.splice(random.int(sensitive.length), 1)[0] as Endpoint)
  }
  return routes
}
