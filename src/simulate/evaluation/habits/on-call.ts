/** An engineer on call: by day, and now and then in the middle of the night, all at once. */
import { HOUR_MS, MINUTE_MS } from '../../../settings.ts'
import { toolAgents } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { office, plus } from '../loads.ts'
import { workplaces } from '../people.ts'

export const onCall: HabitKind = {
  weight: 8,
  names: ['sre-laptop', 'duty-console', 'incident-bot-user'],
  create: (context) => {
    const { random, world, tenant } = context
    const pagesMs = moments(context, random.between(2, 8))
    const effort = random.between(0.5, 4)
    const paged = (hourMs: number) =>
      pagesMs.some((atMs) => atMs >= hourMs - HOUR_MS && atMs < hourMs + HOUR_MS) ? 1 : 0
    return {
      where: workplaces(context),
      agent: toolAgents(random, world.products),
      load: plus(office(random, tenant.zone), (hourMs) => effort * paged(hourMs)),
      callsPerDay: volume(context, 12, 0.6),
      callsPerVisit: random.between(3, 12),
      visitMs: random.between(2, 30) * MINUTE_MS,
      work: { curiosity: random.between(0.005, 0.05) },
      traits: { isPerson: true, place: 'home' },
    }
  },
}
