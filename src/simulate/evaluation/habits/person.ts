/** A person with a browser, and some with an application beside it: home, office and a telephone's hotspot, working hours, days off. */
import { MINUTE_MS } from '../../../settings.ts'
import { alternating, appAgent, browserAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { absences, office, times } from '../loads.ts'
import { workplaces } from '../people.ts'

export const person: HabitKind = {
  weight: 42,
  names: ['jonas-browser', 'maria-browser', 'amelie-browser', 'kenji-browser', 'priya-browser', 'lucas-browser'],
  create: (context) => {
    const { random, world, tenant } = context
    const browser = browserAgent(context)
    const app = appAgent(random, world.products, tenant.name)
    return {
      where: workplaces(context),
      agent: random.chance(0.2) ? alternating(browser, app, random.between(0.02, 0.4)) : browser,
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
