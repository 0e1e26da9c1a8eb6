/** Functions of a cloud: each call comes from another address of one or two regions. */
import { MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { plus, wave } from '../loads.ts'
import { anywhere } from '../where.ts'

export const serverless: HabitKind = {
  weight: 12,
  names: ['image-function', 'stream-function', 'cron-function', 'hook-function'],
  create: (context) => {
    const { random, tenant } = context
    const deploysMs = moments(context, 3)
    return {
      where: anywhere(
        tenant.clouds.slice(0, 2).map((cloud, index) => [cloud, index === 0 ? 1 : random.between(0.01, 0.5)]),
      ),
      agent: programAgent(context, deploysMs),
      load: plus(() => 0.2, wave(random, tenant.zone)),
      callsPerDay: volume(context, 120, 1.1),
      callsPerVisit: 1,
      visitMs: MINUTE_MS,
      deploysMs,
      traits: { isPerson: false, place: 'cloud', scales: true },
    }
  },
}
