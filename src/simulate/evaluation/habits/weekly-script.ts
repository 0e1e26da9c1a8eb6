/** A job that runs once a week, or twice: silent for days, then some calls. */
import { MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import type { HabitKind } from '../habit.ts'
import { nightly } from '../loads.ts'
import { machine } from '../machines.ts'
import { homeLine } from '../people.ts'

export const weeklyScript: HabitKind = {
  weight: 9,
  names: ['weekly-report', 'weekly-cleanup', 'payroll-export', 'newsletter-job'],
  create: (context) => {
    const { random, tenant } = context
    const weekdays = random.chance(0.7) ? [random.int(7)] : [1, 4]
    return {
      where: random.chance(0.6) ? machine(context, 1) : homeLine(random, tenant.country),
      agent: programAgent(context, []),
      load: nightly(random.chance(0.5) ? tenant.zone : undefined, random.int(24), 1 + random.int(2), weekdays),
      callsPerDay: random.between(0.8, 8),
      callsPerVisit: random.between(3, 20),
      visitMs: random.between(1, 30) * MINUTE_MS,
      noise: 0.1,
      work: { routes: 1 + random.int(4) },
      traits: { isPerson: false, place: 'fixed', isRare: true },
    }
  },
}
