/** Somebody who works in a cloud's shell or a remote desktop: another address of the region for each session. */
import { MINUTE_MS } from '../../../settings.ts'
import { toolAgents } from '../agents.ts'
import { type HabitKind, volume } from '../habit.ts'
import { absences, office, times } from '../loads.ts'
import { workplaces } from '../people.ts'
import { anywhere, mixed } from '../where.ts'

export const cloudShell: HabitKind = {
  weight: 9,
  names: ['cloud-shell', 'notebook', 'bastion', 'codespace'],
  create: (context) => {
    const { random, world, tenant } = context
    return {
      where: mixed([
        [anywhere(tenant.clouds.slice(0, 1).map((cloud) => [cloud, 1])), 1],
        [workplaces(context), random.chance(0.5) ? random.between(0.02, 0.4) : 0],
      ]),
      agent: toolAgents(random, world.products),
      load: times(office(random, tenant.zone), absences(random, tenant.zone, world.startMs, world.days)),
      callsPerDay: volume(context, 12, 0.8),
      callsPerVisit: random.between(2, 12),
      visitMs: random.between(2, 30) * MINUTE_MS,
      work: { curiosity: random.between(0.002, 0.03) },
      traits: { isPerson: true, place: 'cloud' },
    }
  },
}
