/** A token that is hardly ever used, or no more: emergency access, old imports. It may wake with good reason. */
import { HOUR_MS, MINUTE_MS } from '../../../settings.ts'
import { programAgent, toolAgents } from '../agents.ts'
import { type HabitKind, moment } from '../habit.ts'
import { machine } from '../machines.ts'
import { homeLine } from '../people.ts'
import { egress } from '../where.ts'

export const dormant: HabitKind = {
  weight: 22,
  names: ['legacy-import', 'break-glass', 'old-partner', 'migration-2024', 'disaster-recovery'],
  create: (context) => {
    const { random, world, tenant } = context
    const early = Array.from({ length: 1 + random.int(5) }, () => moment(context, 0, 0.22))
    const woken = random.chance(0.35) ? [moment(context, 0.55, 1)] : []
    const usesMs = [...early, ...woken]
    const places = [machine(context, 1), egress(tenant.office), homeLine(random, tenant.country)]
    return {
      where: random.pick(places),
      agent: random.chance(0.5) ? toolAgents(random, world.products) : programAgent(context, []),
      load: (hourMs) => (usesMs.some((atMs) => atMs >= hourMs && atMs < hourMs + 2 * HOUR_MS) ? 1 : 0),
      callsPerDay: random.between(0.5, 4),
      callsPerVisit: random.between(2, 8),
      visitMs: random.between(1, 20) * MINUTE_MS,
      work: { routes: 1 + random.int(5) },
      traits: { isPerson: false, place: 'fixed', isRare: true },
    }
  },
}
