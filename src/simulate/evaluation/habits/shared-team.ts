/** A token that a team shares: several people in several places at once, some far apart. */
import { MINUTE_MS } from '../../../settings.ts'
import { type Agent, browserAgent, toolAgents } from '../agents.ts'
import { type HabitKind, volume } from '../habit.ts'
import { office, plus } from '../loads.ts'
import { ZONES_BY_COUNTRY } from '../calendar.ts'
import { homeLine } from '../people.ts'
import { egress, mixed } from '../where.ts'

export const sharedTeam: HabitKind = {
  weight: 8,
  names: ['support-desk', 'team-export', 'ops-shared', 'marketing-shared'],
  create: (context) => {
    const { random, world, tenant } = context
    const abroad = random.pick(world.tenants).country
    const countries = Array.from({ length: 2 + random.int(5) }, () => (random.chance(0.3) ? abroad : tenant.country))
    const agents: readonly Agent[] = countries.map(() =>
      random.chance(0.7) ? browserAgent(context) : toolAgents(random, world.products),
    )
    const zones = countries.map((country) => random.pick(ZONES_BY_COUNTRY[country] ?? [tenant.zone]))
    return {
      where: mixed([
        ...countries.map((country) => [homeLine(random, country), 1] as const),
        [egress(tenant.office), random.between(0, 3)],
      ]),
      agent: (timeMs, random) => random.pick(agents)(timeMs, random),
      load: plus(...zones.map((zone) => office(random, zone))),
      callsPerDay: volume(context, 45, 0.8),
      callsPerVisit: random.between(2, 8),
      visitMs: random.between(1, 15) * MINUTE_MS,
      work: { curiosity: world.style.curiosity },
      traits: { isPerson: true, place: 'many' },
    }
  },
}
