/** A client that has always failed with a share of its calls: missing things, or routes that it may not use. */
import { MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, volume } from '../habit.ts'
import { wave } from '../loads.ts'
import { machine } from '../machines.ts'

export const constantErrors: HabitKind = {
  weight: 12,
  names: ['link-checker', 'cache-warmer', 'stale-mirror', 'feature-prober'],
  create: (context) => {
    const { random, tenant } = context
    return {
      where: machine(context, 1 + random.int(2)),
      agent: programAgent(context, []),
      load: wave(random, tenant.zone),
      callsPerDay: volume(context, 60),
      callsPerVisit: random.between(1, 8),
      visitMs: random.between(0.2, 4) * MINUTE_MS,
      work: {
        refused: {
          share: random.between(0.1, 0.5),
          statuses: random.pick([[404], [403], [404, 404, 403], [409], [422, 400]]),
        },
        refusesWholeRoutes: random.chance(0.4),
      },
      traits: { isPerson: false, place: 'fixed' },
    }
  },
}
