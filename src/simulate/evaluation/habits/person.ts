/** A person with a browser: home, office and a telephone's hotspot, working hours, days off. */
import { MINUTE_MS } from '../../../settings.ts'
import { browserAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { absences, office, times } from '../loads.ts'
import { workplaces } from '../people.ts'

export const person: HabitKind = {
  weight: 42,
  names: ['jonas-browser', 'maria-browser', 'amelie-browser', 'kenji-browser', 'priya-browser', 'lucas-browser'],
  create: (context) => {
    const { random, world, tenant } = context
    return {
      where: workplaces(context),
      agent: browserAgent(context),
      load: times(office(random, tenant.zone), absences(random, tenant.zone, world.startMs, world.days)),
      callsPerDay: volume(context, 18, 0.6),
      callsPerVisit: random.between(2, 10),
      visitMs: random.between(2, 20) * MINUTE_MS,
      work: { curiosity: world.style.curiosity },
      deploysMs: moments(context, 0.7),
      traits: { isPerson: true, place: 'home' },
    }
  },
}
