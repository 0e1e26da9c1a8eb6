/** A server that is installed anew now and then, at another address of the same cloud; or once in another cloud. */
import { MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { wave } from '../loads.ts'
import { migrated } from '../machines.ts'
import { fixed } from '../where.ts'

export const movingServer: HabitKind = {
  weight: 14,
  names: ['ledger-writer', 'mail-bridge', 'report-builder', 'notifier', 'geo-resolver'],
  create: (context) => {
    const { random, tenant } = context
    const movesMs = moments(context, random.between(1, 7))
    const place = () => fixed(random, random.pick(tenant.clouds), 1 + random.int(2), movesMs)
    return {
      where: random.chance(0.2) ? migrated(context, place(), place()) : place(),
      agent: programAgent(context, random.chance(0.5) ? movesMs : []),
      load: wave(random, tenant.zone),
      callsPerDay: volume(context, 90),
      callsPerVisit: random.between(1, 3),
      visitMs: MINUTE_MS,
      deploysMs: movesMs,
      traits: { isPerson: false, place: 'cloud', scales: true },
    }
  },
}
