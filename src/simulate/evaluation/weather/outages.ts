/** Outages of a service: calls fail and are repeated, or nothing reaches the gateway at all. */
import { HOUR_MS } from '../../../settings.ts'
import type { Random } from '../../random.ts'
import type { Service } from '../services.ts'
import type { WeatherOptions } from './index.ts'

interface Outage {
  readonly service: Service
  readonly beginMs: number
  readonly endMs: number
  /** Share of calls that fail. */
  readonly share: number
  /** More calls for retries, or hardly any. */
  readonly load: number
}

export function createOutages(random: Random, { startMs, days, services, restlessness }: WeatherOptions) {
  const outages = Array.from({ length: 1 + random.poisson(3 * restlessness) }, (): Outage => {
    const beginMs = startMs + random.between(1, days) * 24 * HOUR_MS
    const endMs = beginMs + Math.exp(random.between(Math.log(0.2), Math.log(9))) * HOUR_MS
    const service = random.pick(services)
    if (random.chance(0.3)) return { service, beginMs, endMs, share: 0.1, load: random.between(0, 0.1) }
    return { service, beginMs, endMs, share: random.between(0.15, 0.95), load: random.between(0.8, 3) }
  })
  return {
    load(service: Service, hourMs: number): number {
      const outage = outages.find((one) => one.service === service && overlapMs(one, hourMs) > 0)
      if (outage === undefined) return 1
      const share = overlapMs(outage, hourMs) / HOUR_MS
      return 1 - share + share * outage.load
    },
    failureShare(service: Service, timeMs: number): number {
      return outages.find((one) => one.service === service && timeMs >= one.beginMs && timeMs < one.endMs)?.share ?? 0
    },
  }
}

function overlapMs({ beginMs, endMs }: Outage, hourMs: number): number {
  return Math.max(0, Math.min(endMs, hourMs + HOUR_MS) - Math.max(beginMs, hourMs))
}
