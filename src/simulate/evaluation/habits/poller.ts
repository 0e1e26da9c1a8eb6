/** A poller: the same calls by the clock, day and night, from one place or from probes in several. */
import { MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import type { HabitKind } from '../habit.ts'
import { constantly } from '../loads.ts'
import { networksOf } from '../networks/index.ts'
import { pickSome } from '../pick.ts'
import { fixed, mixed } from '../where.ts'

export const poller: HabitKind = {
  weight: 14,
  names: ['status-probe', 'stock-poller', 'rates-poller', 'uptime-check'],
  create: (context) => {
    const { random, tenant } = context
    const probes = random.chance(0.3) ? pickSome(random, networksOf('hosting'), 3 + random.int(4)) : []
    const places = probes.length > 0 ? probes : [random.pick(tenant.clouds)]
    return {
      where: mixed(places.map((network) => [fixed(random, network), 1])),
      agent: programAgent(context, []),
      load: constantly,
      callsPerDay: random.pick([24, 48, 96, 96, 144, 288]),
      callsPerVisit: 1 + random.int(3),
      visitMs: 0.05 * MINUTE_MS,
      isRegular: true,
      noise: 0,
      work: { routes: 1 + random.int(3), readOnly: true },
      traits: { isPerson: false, place: probes.length > 0 ? 'many' : 'fixed' },
    }
  },
}
