/** A fleet of workers in one region of a cloud, scaled by load: in a few subnets, or all over the region. */
import { MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { wave } from '../loads.ts'
import { pool } from '../where.ts'

export const fleet: HabitKind = {
  weight: 28,
  names: ['checkout-web', 'search-indexer', 'recommendation-workers', 'media-transcoder', 'edge-api', 'session-store'],
  create: (context) => {
    const { random, tenant } = context
    const load = wave(random, tenant.zone)
    const size = Math.exp(random.between(Math.log(2), Math.log(40)))
    const deploysMs = moments(context, random.between(0.5, 8))
    const subnets = random.chance(0.4) ? Infinity : 1 + random.int(8)
    return {
      where: pool(random, {
        network: random.pick(tenant.clouds),
        sizeAt: (hourMs) => size * load(hourMs),
        churn: random.between(0, 0.15),
        subnets,
      }),
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
