/** A batch job: one run every night or every working night, by the local clock or by UTC, of a size of its own. */
import { MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { EVERY_DAY, nightly, WORKING_DAYS } from '../loads.ts'
import { machine } from '../machines.ts'

export const nightlyBatch: HabitKind = {
  weight: 16,
  names: ['nightly-ledger-sync', 'warehouse-load', 'backup-job', 'billing-export', 'data-lake-sync'],
  create: (context) => {
    const { random, tenant } = context
    const deploysMs = moments(context, 0.7)
    const zone = random.chance(0.5) ? tenant.zone : undefined
    return {
      where: machine(context, 1),
      agent: programAgent(context, deploysMs),
      load: nightly(zone, (20 + random.int(10)) % 24, 1 + random.int(4), random.chance(0.7) ? EVERY_DAY : WORKING_DAYS),
      callsPerDay: volume(context, 110),
      callsPerVisit: random.between(10, 60),
      visitMs: random.between(5, 40) * MINUTE_MS,
      noise: random.between(0.05, 0.3),
      deploysMs,
      work: { routes: 1 + random.int(4), readOnly: random.chance(0.5), bytesFactor: Math.exp(1 + random.normal()) },
      traits: { isPerson: false, place: 'fixed' },
    }
  },
}
