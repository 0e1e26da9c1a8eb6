/** Deploys of services: new routes that all clients take up on one day, and new versions of their libraries. */
import { DAY_MS, HOUR_MS } from '../../../settings.ts'
import type { Random } from '../../random.ts'
import { isWeekend } from '../calendar.ts'
import { rebased } from '../endpoints.ts'
import type { Service } from '../services.ts'
import type { Deploy, WeatherOptions } from './index.ts'

/** On working days by day. Each has a part of the routes that its service is yet to bring. */
export function createDeploys(random: Random, { startMs, days, services, restlessness }: WeatherOptions) {
  const deploysOf = (service: Service): readonly Deploy[] => {
    const times = Array.from({ length: random.poisson(1.3 * restlessness) }, () => {
      const day = startMs + (3 + random.int(Math.max(1, days - 3))) * DAY_MS
      return (isWeekend(day) ? day + 2 * DAY_MS : day) + random.between(7, 17) * HOUR_MS
    }).sort((left, right) => left - right)
    const migrating = random.chance(0.06) ? random.int(times.length) : -1
    const next = service.base.replace(/\d+$/, (version) => String(Number(version) + 1))
    const all = [...service.endpoints, ...service.coming]
    const twins = new Map(all.map((endpoint) => [endpoint, rebased(endpoint, service.base, next)]))
    return times.map((timeMs, index) => ({
      timeMs,
      endpoints: service.coming.filter((_, at) => at % times.length === index),
      bumpsAgents: random.chance(0.6),
      ...(index === migrating ? { twins } : {}),
    }))
  }
  return new Map(services.map((service) => [service, deploysOf(service)]))
}
