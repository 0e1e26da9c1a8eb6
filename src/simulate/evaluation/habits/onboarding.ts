/** A token that first appears within the month: an integration that is being built, then used more and more. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../settings.ts'
import { browserAgent, programAgent, toolAgents } from '../agents.ts'
import { type HabitKind, moment, moments, volume } from '../habit.ts'
import { during, office, times, wave } from '../loads.ts'
import { machine } from '../machines.ts'
import { workplaces } from '../people.ts'
import { scheduled } from '../where.ts'

export const onboarding: HabitKind = {
  weight: 14,
  names: ['pilot-customer', 'new-hire', 'new-integration', 'trial-account'],
  create: (context) => {
    const { random, world, tenant } = context
    const bornMs = moment(context, 0.05, 0.8)
    const liveMs = bornMs + random.between(0.5, 6) * DAY_MS
    const isPerson = random.chance(0.4)
    const tools = toolAgents(random, world.products)
    const program = programAgent(context, [liveMs, ...moments(context, 3)])
    const browser = browserAgent(context)
    const shape = isPerson ? office(random, tenant.zone) : wave(random, tenant.zone)
    const people = workplaces(context)
    return {
      where: isPerson ? people : scheduled([people, machine(context, 2)], (hourMs) => (hourMs < liveMs ? 0 : 1)),
      agent: (timeMs, random) =>
        isPerson ? browser(timeMs, random) : timeMs < liveMs ? tools(timeMs, random) : program(timeMs, random),
      load: times(shape, during(bornMs, Infinity), (hourMs) => (hourMs < liveMs ? 0.3 : 1)),
      callsPerDay: volume(context, isPerson ? 15 : 50),
      callsPerVisit: random.between(1, 6),
      visitMs: random.between(1, 10) * MINUTE_MS,
      deploysMs: [liveMs],
      bornMs: bornMs - random.between(0.1, 50) * HOUR_MS,
      traits: { isPerson, place: isPerson ? 'home' : 'fixed' },
    }
  },
}
