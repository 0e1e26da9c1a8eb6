/** A person who is abroad for some days: hotels, a foreign carrier. */
import { MINUTE_MS } from '../../../settings.ts'
import { browserAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { absences, office, times } from '../loads.ts'
import { journeyOf, workplaces } from '../people.ts'

export const traveller: HabitKind = {
  weight: 14,
  names: ['sales-laptop', 'consultant-laptop', 'auditor-laptop', 'founder-laptop'],
  create: (context) => {
    const { random, world, tenant } = context
    const journey = journeyOf(context, workplaces(context))
    return {
      where: journey.where,
      agent: browserAgent(context),
      load: times(office(random, tenant.zone), journey.load, absences(random, tenant.zone, world.startMs, world.days)),
      callsPerDay: volume(context, 16, 0.6),
      callsPerVisit: random.between(2, 8),
      visitMs: random.between(2, 20) * MINUTE_MS,
      work: { curiosity: world.style.curiosity },
      deploysMs: moments(context, 0.7),
      traits: { isPerson: true, place: 'many' },
    }
  },
}
