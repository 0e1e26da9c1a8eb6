/** A script or a person with a few calls a day: too few for statistics to say much. */
import { MINUTE_MS } from '../../../settings.ts'
import { browserAgent, toolAgents } from '../agents.ts'
import { type HabitKind, moments } from '../habit.ts'
import { absences, leisure, office, times } from '../loads.ts'
import { workplaces } from '../people.ts'

export const lowVolume: HabitKind = {
  weight: 26,
  names: ['tax-script', 'timesheet-user', 'board-member', 'reporting-user', 'parts-catalogue-user'],
  create: (context) => {
    const { random, world, tenant } = context
    const shape = random.chance(0.7) ? office(random, tenant.zone) : leisure(random, tenant.zone)
    return {
      where: workplaces(context),
      agent: random.chance(0.6) ? browserAgent(context) : toolAgents(random, world.products),
      load: times(shape, absences(random, tenant.zone, world.startMs, world.days)),
      callsPerDay: random.between(1.5, 7),
      callsPerVisit: random.between(1, 4),
      visitMs: random.between(1, 10) * MINUTE_MS,
      work: { routes: 1 + random.int(4), curiosity: world.style.curiosity },
      deploysMs: moments(context, 0.7),
      traits: { isPerson: true, place: 'home' },
    }
  },
}
