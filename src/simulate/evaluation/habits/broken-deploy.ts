/** A client with one broken deployment: for some hours most of what it asks for is not there, or is no request. */
import { HOUR_MS, MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, moment, volume } from '../habit.ts'
import { wave } from '../loads.ts'
import { pool } from '../where.ts'

export const brokenDeploy: HabitKind = {
  weight: 7,
  names: ['web-frontend', 'sync-agent', 'catalog-reader'],
  create: (context) => {
    const { random, tenant } = context
    const fromMs = moment(context, 0.3, 0.95)
    const untilMs = fromMs + random.between(0.3, 10) * HOUR_MS
    return {
      where: pool(random, { network: random.pick(tenant.clouds), sizeAt: () => 3, churn: 0.02, subnets: 2 }),
      agent: programAgent(context, [fromMs, untilMs]),
      load: wave(random, tenant.zone),
      callsPerDay: volume(context, 70),
      callsPerVisit: random.between(1, 5),
      visitMs: MINUTE_MS,
      deploysMs: [fromMs],
      work: { broken: { fromMs, untilMs, share: random.between(0.3, 1), status: random.pick([404, 404, 400, 422]) } },
      traits: { isPerson: false, place: 'cloud' },
    }
  },
}
