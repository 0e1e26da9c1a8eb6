/** A product that grows: its volume doubles within the month or more, or shrinks. */
import { MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { times, trend, wave } from '../loads.ts'
import { pool } from '../where.ts'

export const growth: HabitKind = {
  weight: 12,
  names: ['startup-backend', 'beta-product', 'new-market', 'sunset-product'],
  create: (context) => {
    const { random, world, tenant } = context
    const deploysMs = moments(context, 3)
    const load = wave(random, tenant.zone)
    const factor = random.chance(0.8) ? random.between(1.8, 6) : random.between(0.2, 0.6)
    const growing = trend(world.startMs, world.days, factor)
    return {
      where: pool(random, {
        network: random.pick(tenant.clouds),
        sizeAt: (hourMs) => 3 * load(hourMs) * growing(hourMs),
        churn: 0.03,
        subnets: 3,
      }),
      agent: programAgent(context, deploysMs),
      load: times(load, growing),
      callsPerDay: volume(context, 80),
      callsPerVisit: random.between(1, 4),
      visitMs: MINUTE_MS,
      deploysMs,
      traits: { isPerson: false, place: 'cloud' },
    }
  },
}
