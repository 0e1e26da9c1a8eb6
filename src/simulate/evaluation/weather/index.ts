/** What happens to many tokens at once: holidays, launches, outages and deploys. */
import type { Random } from '../../random.ts'
import type { Endpoint, Gateway } from '../endpoints.ts'
import type { Service } from '../services.ts'
import type { Tenant } from '../tenants.ts'
import { createBacklogs } from './backlogs.ts'
import { createDeploys } from './deploys.ts'
import { createHolidays } from './holidays.ts'
import { createLaunches } from './launches.ts'
import { createOutages } from './outages.ts'

export interface WeatherOptions {
  readonly startMs: number
  readonly days: number
  readonly tenants: readonly Tenant[]
  readonly services: readonly Service[]
  /** How restless the seed's estate is, about 1. */
  readonly restlessness: number
}

/** A deploy of a service that its clients follow on the same day. */
export interface Deploy {
  readonly timeMs: number
  /** Routes that clients begin to call. */
  readonly endpoints: readonly Endpoint[]
  /** Whether clients get a new version of their library with it. */
  readonly bumpsAgents: boolean
  /** A new version of the whole interface: for each route the one that takes its place. */
  readonly twins?: ReadonlyMap<Endpoint, Endpoint>
}

/** Pure in time, so that any hour may be asked for in any order. */
export interface Weather {
  /** Factor on the load of a token of the tenant at the service. People keep holidays more strictly than machines. */
  load(tenant: Tenant, service: Service, isPerson: boolean, hourMs: number): number
  /** Share of calls to the service that fail with a 5xx, beyond the usual. */
  failureShare(service: Service, timeMs: number): number
  /** Until when the log of the service is held back at a time: the time itself, but for some minutes in the month. */
  heldUntilMs(gateway: Gateway, timeMs: number): number
  /** In order of time. */
  deploys(service: Service): readonly Deploy[]
}

export function createWeather(random: Random, options: WeatherOptions): Weather {
  const holidays = createHolidays(random, options)
  const launches = createLaunches(random, options)
  const outages = createOutages(random, options)
  const heldUntilMs = createBacklogs(random, options)
  const deploys = createDeploys(random, options)
  return {
    load: (tenant, service, isPerson, hourMs) =>
      holidays(tenant, isPerson, hourMs) * launches(tenant, service, hourMs) * outages.load(service, hourMs),
    failureShare: (service, timeMs) => outages.failureShare(service, timeMs),
    heldUntilMs,
    deploys: (service) => deploys.get(service) ?? [],
  }
}
