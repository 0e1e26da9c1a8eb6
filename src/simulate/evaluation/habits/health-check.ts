/** A health check: by the clock, answered 401 each time or every other time, which nobody minds. */
import { programAgent } from '../agents.ts'
import type { HabitKind } from '../habit.ts'
import { constantly } from '../loads.ts'
import { machine } from '../machines.ts'

export const healthCheck: HabitKind = {
  weight: 6,
  names: ['lb-health', 'synthetic-login', 'smoke-test'],
  create: (context) => {
    const { random } = context
    return {
      where: machine(context, 1 + random.int(3)),
      agent: programAgent(context, []),
      load: constantly,
      callsPerDay: random.pick([48, 96, 96, 288]),
      callsPerVisit: 1,
      visitMs: 1_000,
      isRegular: true,
      noise: 0,
      work: { routes: 1, refused: { share: random.pick([0.3, 0.5, 1]), statuses: [random.pick([401, 401, 403])] } },
      traits: { isPerson: false, place: 'fixed' },
    }
  },
}
