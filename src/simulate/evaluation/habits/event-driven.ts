/** A client that is set off by events: silence, then bursts of any size at any hour. */
import { HOUR_MS, MINUTE_MS } from '../../../settings.ts'
import { createRandom } from '../../random.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { wave } from '../loads.ts'
import { fixed, pool } from '../where.ts'

export const eventDriven: HabitKind = {
  weight: 12,
  names: ['campaign-hook', 'market-reactor', 'order-burst', 'push-sender'],
  create: (context) => {
    const { random, tenant } = context
    const key = random.uint32()
    const tail = random.between(0.8, 1.6)
    const quiet = random.between(0.3, 0.9)
    const usual = wave(random, tenant.zone)
    const deploysMs = moments(context, 1)
    const network = random.pick(tenant.clouds)
    const burst = (hourMs: number) => {
      const hour = createRandom(key, Math.floor(hourMs / HOUR_MS))
      return hour.chance(quiet) ? 0.05 : Math.min(40, Math.exp(tail * hour.normal()))
    }
    return {
      where: random.chance(0.5)
        ? fixed(random, network, 2)
        : pool(random, { network, sizeAt: (hourMs) => 1 + burst(hourMs), churn: 0.1, subnets: 4 }),
      agent: programAgent(context, deploysMs),
      load: (hourMs) => burst(hourMs) * usual(hourMs),
      callsPerDay: volume(context, 60),
      callsPerVisit: random.between(1, 10),
      visitMs: random.between(0.2, 5) * MINUTE_MS,
      deploysMs,
      traits: { isPerson: false, place: 'cloud' },
    }
  },
}
