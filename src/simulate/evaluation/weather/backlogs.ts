/** Minutes in which a gateway's log does not get through: its events arrive late, all at once. */
import { DAY_MS, MINUTE_MS } from '../../../settings.ts'
import type { Random } from '../../random.ts'
import type { Gateway } from '../endpoints.ts'
import type { WeatherOptions } from './index.ts'

export function createBacklogs(random: Random, { startMs, days, services, restlessness }: WeatherOptions) {
  const backlogs = Array.from({ length: random.poisson(1.5 * restlessness) }, () => {
    const fromMs = startMs + random.next() * days * DAY_MS
    return { gateway: random.pick(services).gateway, fromMs, untilMs: fromMs + random.between(0.5, 25) * MINUTE_MS }
  })
  return function heldUntilMs(gateway: Gateway, timeMs: number): number {
    for (const backlog of backlogs) {
      if (backlog.gateway === gateway && timeMs >= backlog.fromMs && timeMs < backlog.untilMs) return backlog.untilMs
    }
    return timeMs
  }
}
