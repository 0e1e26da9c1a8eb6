/** A flow on somebody else's automation platform: its cloud's addresses, its agent, whatever sets it off. */
import { MINUTE_MS } from '../../../settings.ts'
import { type HabitKind, volume } from '../habit.ts'
import { office, plus } from '../loads.ts'
import { networksOf } from '../networks/index.ts'
import { fixed, mixed } from '../where.ts'

const AGENTS = [
  'Zapier',
  'Make/production',
  'Workato',
  'n8n/1.113.3',
  'axios/1.12.0',
  'PowerAutomate/1.0',
  'IFTTT-Protocol/v1',
]

export const integration: HabitKind = {
  weight: 12,
  names: ['zap-crm', 'flow-invoices', 'automation-leads', 'sync-calendar'],
  create: (context) => {
    const { random, tenant } = context
    const clouds = networksOf('hosting').filter(({ operator }) => ['aws', 'azure'].includes(operator))
    const cloud = random.pick(clouds)
    const first = random.pick(AGENTS)
    const second = random.chance(0.3) ? random.pick(AGENTS) : first
    return {
      where: mixed([
        [fixed(random, cloud, 8), 1],
        [fixed(random, random.pick(clouds), 2), random.between(0, 0.3)],
      ]),
      agent: (_, random) => (random.chance(0.85) ? first : second),
      load: plus(office(random, tenant.zone), () => 0.05),
      callsPerDay: volume(context, 30),
      callsPerVisit: random.between(1, 5),
      visitMs: MINUTE_MS,
      noise: random.between(0.5, 1),
      traits: { isPerson: false, place: 'fixed' },
    }
  },
}
