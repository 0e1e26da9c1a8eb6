/** A client whose token is rotated: two tokens of one program, the old one until the day, the new one from it on. */
import { HOUR_MS, MINUTE_MS } from '../../../settings.ts'
import { programAgent } from '../agents.ts'
import { type HabitKind, moment, volume } from '../habit.ts'
import { during, times, wave } from '../loads.ts'
import { machine } from '../machines.ts'

/** Every two that follow each other have the same stream, and are one client. */
export const rotated: HabitKind = {
  weight: 26,
  names: ['gateway-sync', 'stock-writer', 'claims-connector', 'loyalty-service'],
  create: (context) => {
    const { random, tenant, name, ordinal } = context
    const rotatesMs = moment(context, 0.2, 0.75)
    const overlapMs = random.chance(0.5) ? 0 : random.between(1, 48) * HOUR_MS
    const isOld = ordinal % 2 === 0
    return {
      where: machine(context, 1 + random.int(2)),
      agent: programAgent({ ...context, name: name.replace(/-\d+$/, '') }, []),
      load: times(wave(random, tenant.zone), isOld ? during(0, rotatesMs + overlapMs) : during(rotatesMs, Infinity)),
      callsPerDay: volume(context, 70),
      callsPerVisit: random.between(1, 4),
      visitMs: MINUTE_MS,
      rotation: { atMs: rotatesMs, graceMs: overlapMs },
      traits: { isPerson: false, place: 'fixed' },
    }
  },
}
