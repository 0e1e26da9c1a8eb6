/** A server: fixed addresses, steady load with a daily wave, a deploy now and then. */
import { MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { wave } from '../loads.ts'
import { machine } from '../machines.ts'

export const server: HabitKind = {
  weight: 36,
  names: ['order-router', 'fraud-scorer', 'crm-connector', 'webhook-relay', 'inventory-sync', 'price-feed', 'mailer'],
  create: (context) => {
    const { random, tenant } = context
    const deploysMs = moments(context, 1.5)
    return {
      where: machine(context, 1 + random.int(3)),
      agent: programAgent(context, deploysMs),
      load: wave(random, tenant.zone),
      callsPerDay: volume(context, 140, 1.1),
      callsPerVisit: random.between(1, 4),
      visitMs: random.between(0.05, 2) * MINUTE_MS,
      deploysMs,
      work: { readOnly: random.chance(0.4) },
      traits: { isPerson: false, place: 'fixed', scales: true },
    }
  },
}
