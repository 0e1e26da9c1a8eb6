/** A job that does little until the month ends or begins, and then many times as much for one to three days. */
import { DAY_MS, MINUTE_MS } from '../../../settings.ts'
import { daysToMonthEnd } from '../calendar.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, volume } from '../habit.ts'
import { office } from '../loads.ts'
import { machine } from '../machines.ts'

export const monthEndBatch: HabitKind = {
  weight: 9,
  names: ['month-end-invoices', 'closing-job', 'royalty-run', 'statement-printer'],
  create: (context) => {
    const { random, tenant } = context
    const usual = office(random, tenant.zone)
    const surge = random.between(6, 40)
    const lengthMs = (1 + random.int(3)) * DAY_MS
    const shiftMs = random.int(4) * DAY_MS
    const atEnd = (hourMs: number) => daysToMonthEnd(hourMs - shiftMs + lengthMs - DAY_MS) < lengthMs / DAY_MS
    return {
      where: machine(context, 1),
      agent: programAgent(context, []),
      load: (hourMs) => (atEnd(hourMs) ? surge * (0.2 + usual(hourMs)) : 0.1 + usual(hourMs)),
      callsPerDay: volume(context, 20),
      callsPerVisit: random.between(2, 20),
      visitMs: random.between(1, 10) * MINUTE_MS,
      work: { limitedShare: (hourMs) => (atEnd(hourMs) ? 0.15 : 0) },
      traits: { isPerson: false, place: 'fixed' },
    }
  },
}
