/** An application on a telephone: a carrier's addresses, Wi-Fi at home and elsewhere, updates, sometimes IPv6. */
import { MINUTE_MS } from '../../../settings.ts'
import { appAgent } from '../agents.ts'
import { type HabitKind, volume } from '../habit.ts'
import { absences, constantly, leisure, times } from '../loads.ts'
import { homeLine, journeyOf, phoneLine } from '../people.ts'
import { mixed } from '../where.ts'

export const mobile: HabitKind = {
  weight: 46,
  names: ['ios-app', 'android-app', 'courier-app', 'field-app'],
  create: (context) => {
    const { random, world, tenant } = context
    const own = mixed([
      [phoneLine(random, tenant.country), random.between(0.3, 1)],
      [homeLine(random, tenant.country), random.between(0.1, 1)],
      [homeLine(random, tenant.country), random.between(0, 0.15)],
    ])
    const journey = random.chance(0.12) ? journeyOf(context, own) : { where: own, load: constantly }
    return {
      where: journey.where,
      agent: appAgent(random, world.products, tenant.name),
      load: times(leisure(random, tenant.zone), journey.load, absences(random, tenant.zone, world.startMs, world.days)),
      callsPerDay: volume(context, 16, 0.8),
      callsPerVisit: random.between(2, 12),
      visitMs: random.between(1, 12) * MINUTE_MS,
      work: { curiosity: world.style.curiosity },
      traits: { isPerson: true, place: 'home' },
    }
  },
}
