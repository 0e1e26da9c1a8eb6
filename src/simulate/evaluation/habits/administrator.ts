/** Somebody whose work is administration: users, keys and exports are everyday routes. */
import { MINUTE_MS } from '../../../settings.ts'
import { browserAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { absences, office, times } from '../loads.ts'
import { workplaces } from '../people.ts'

export const administrator: HabitKind = {
  weight: 8,
  names: ['admin-console', 'iam-console', 'compliance-console'],
  create: (context) => {
    const { random, world, tenant } = context
    return {
      where: workplaces(context),
      agent: browserAgent(context),
      load: times(office(random, tenant.zone), absences(random, tenant.zone, world.startMs, world.days)),
      callsPerDay: volume(context, 16, 0.7),
      callsPerVisit: random.between(2, 10),
      visitMs: random.between(2, 20) * MINUTE_MS,
      work: { sensitiveRoutes: 4 + random.int(8), curiosity: world.style.curiosity },
      deploysMs: moments(context, 0.7),
      traits: { isPerson: true, place: 'home' },
    }
  },
}
