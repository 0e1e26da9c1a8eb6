/** A fleet of workers in one region of a cloud, scaled by load: in a few subnets or all over the region; some fail over to another. */
import { HOUR_MS, MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { wave } from '../loads.ts'
import { pool, scheduled } from '../where.ts'

export const fleet: HabitKind = {
  weight: 28,
  names: ['checkout-web', 'search-indexer', 'recommendation-workers', 'media-transcoder', 'edge-api', 'session-store'],
  create: (context) => {
    const { random, tenant } = context
    const load = wave(random, tenant.zone)
    const size = Math.exp(random.between(Math.log(2), Math.log(40)))
    const deploysMs = moments(context, random.between(0.5, 8))
    const subnets = random.chance(0.4) ? Infinity : 1 + random.int(8)
    const churn = random.between(0, 0.15)
    const region = () =>
      pool(random, { network: random.pick(tenant.clouds), sizeAt: (hourMs) => size * load(hourMs), churn, subnets })
    const failoversMs = random.chance(0.15) ? moments(context, 2) : []
    const lastsMs = random.between(1, 12) * HOUR_MS
    const failedOver = (hourMs: number) => failoversMs.some((atMs) => hourMs >= atMs && hourMs < atMs + lastsMs)
    return {
      where:
        failoversMs.length === 0 ? region() : scheduled([region(), region()], (hourMs) => (failedOver(hourMs) ? 1 : 0)),
      agent: programAgent(context, deploysMs),
      load,
      callsPerDay: volume(context, 330, 1.1),
      callsPerVisit: random.between(1, 6),
      visitMs: random.between(0.1, 3) * MINUTE_MS,
      deploysMs,
      traits: { isPerson: false, place: 'cloud', scales: true },
    }
  },
}
