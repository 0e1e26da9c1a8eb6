/** Surges that a whole service or tenant goes through: a launch, a campaign, an event on television. */
import { HOUR_MS } from '../../../settings.ts'
import type { Random } from '../../random.ts'
import type { Service } from '../services.ts'
import type { Tenant } from '../tenants.ts'
import type { WeatherOptions } from './index.ts'

interface Launch {
  readonly of: Tenant | Service
  readonly beginMs: number
  readonly riseMs: number
  readonly endMs: number
  readonly peak: number
}

export function createLaunches(random: Random, { startMs, days, tenants, services, restlessness }: WeatherOptions) {
  const launches = Array.from({ length: 1 + random.poisson(3 * restlessness) }, (): Launch => {
    const beginMs = startMs + random.between(2, days) * 24 * HOUR_MS
    const lastsMs = Math.exp(random.between(Math.log(2), Math.log(72))) * HOUR_MS
    const of = random.chance(0.5) ? random.pick(tenants) : random.pick(services)
    return {
      of,
      beginMs,
      riseMs: random.between(0.2, 4) * HOUR_MS,
      endMs: beginMs + lastsMs,
      peak: random.between(1.6, 9),
    }
  })
  return function launchLoad(tenant: Tenant, service: Service, hourMs: number): number {
    let load = 1
    for (const { of, beginMs, riseMs, endMs, peak } of launches) {
      if ((of !== tenant && of !== service) || hourMs < beginMs || hourMs > endMs) continue
      const risen = Math.min(1, (hourMs - beginMs + HOUR_MS / 2) / riseMs)
      const left = Math.min(1, (2 * (endMs - hourMs)) / (endMs - beginMs))
      load *= 1 + (peak - 1) * risen * left
    }
    return load
  }
}
