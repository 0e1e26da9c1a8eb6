/** A client that runs into its rate limit whenever it is busy, or on some days all day long. */
import { DAY_MS, MINUTE_MS } from '../../../settings.ts'
import { createRandom } from '../../random.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, volume } from '../habit.ts'
import { wave } from '../loads.ts'
import { machine } from '../machines.ts'

export const rateLimited: HabitKind = {
  weight: 9,
  names: ['bulk-mailer', 'price-scraper', 'importer', 'campaign-sender'],
  create: (context) => {
    const { random, tenant } = context
    const load = wave(random, tenant.zone)
    const threshold = random.between(0.9, 1.6)
    const key = random.uint32()
    const share = random.between(0.1, 0.6)
    const busyDay = (timeMs: number) => createRandom(key, Math.floor(timeMs / DAY_MS)).chance(0.2)
    const byDay = random.chance(0.5)
    return {
      where: machine(context, 1 + random.int(2)),
      agent: programAgent(context, []),
      load,
      callsPerDay: volume(context, 90),
      callsPerVisit: random.between(2, 20),
      visitMs: random.between(0.5, 5) * MINUTE_MS,
      work: { limitedShare: (timeMs) => ((byDay ? busyDay(timeMs) : load(timeMs) > threshold) ? share : 0.005) },
      traits: { isPerson: false, place: 'fixed' },
    }
  },
}
