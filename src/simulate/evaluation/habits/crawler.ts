/** A crawler with permission: it reads every thing there is, one after the other, and meets what is gone. */
import { MINUTE_MS } from '../../../settings.ts'
import { constantAgent } from '../agents.ts'
import { type HabitKind, volume } from '../habit.ts'
import { nightly, EVERY_DAY, plus } from '../loads.ts'
import { fixed } from '../where.ts'

export const crawler: HabitKind = {
  weight: 6,
  names: ['search-crawler', 'catalog-mirror', 'compliance-scan'],
  create: (context) => {
    const { random, tenant, name } = context
    const version = random.int(9)
    return {
      where: fixed(random, random.pick(tenant.clouds), 1 + random.int(4)),
      agent: constantAgent(`Mozilla/5.0 (compatible; ${name}/${version}.1; +https://${tenant.name}.example/crawler)`),
      load: plus(nightly(undefined, random.int(24), 6, EVERY_DAY), () => 0.1),
      callsPerDay: volume(context, 160),
      callsPerVisit: random.between(10, 60),
      visitMs: random.between(3, 30) * MINUTE_MS,
      work: {
        routes: 20,
        readOnly: true,
        curiosity: 0.1,
        refused: { share: random.between(0.02, 0.15), statuses: [404, 404, 410, 403] },
      },
      traits: { isPerson: false, place: 'fixed' },
    }
  },
}
