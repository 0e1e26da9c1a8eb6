/** A developer who tries things: several tools, odd hours, many routes, mistakes. */
import { MINUTE_MS } from '../../../settings.ts'
import { toolAgents } from '../agents.ts'
import { type HabitKind, volume } from '../habit.ts'
import { absences, leisure, office, plus, times } from '../loads.ts'
import { workplaces } from '../people.ts'

export const developer: HabitKind = {
  weight: 16,
  names: ['dev-playground', 'local-testing', 'sdk-trial', 'postman-workspace'],
  create: (context) => {
    const { random, world, tenant } = context
    const evenings = leisure(random, tenant.zone)
    const work = office(random, tenant.zone)
    const share = random.between(0.02, 0.5)
    return {
      where: workplaces(context),
      agent: toolAgents(random, world.products),
      load: times(
        plus(work, (hourMs) => share * evenings(hourMs)),
        absences(random, tenant.zone, world.startMs, world.days),
      ),
      callsPerDay: volume(context, 14, 0.8),
      callsPerVisit: random.between(2, 15),
      visitMs: random.between(2, 30) * MINUTE_MS,
      noise: random.between(0.5, 1.1),
      work: {
        routes: 5 + random.int(8),
        curiosity: random.between(0.01, 0.12),
        refused: { share: random.between(0.03, 0.25), statuses: [400, 400, 401, 403, 404, 404, 422] },
      },
      traits: { isPerson: true, place: 'home' },
    }
  },
}
