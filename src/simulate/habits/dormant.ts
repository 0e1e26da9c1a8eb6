/** A token that was used daily at first and then forgotten: only an attack wakes it. */
import { DAY_MS } from '../../settings.ts'
import { dailyShape } from '../calendar.ts'
import type { Habit, HabitContext } from '../client.ts'
import { anyAddress, NETWORKS } from '../networks.ts'

const HOMES = [NETWORKS.hetznerNuremberg, NETWORKS.lumenSeattle, NETWORKS.kpnAmsterdam]
const USED_SHARE = 0.2

export function createDormantHabit({ random, ordinal, startMs, days }: HabitContext): Habit {
  const home = HOMES[ordinal % HOMES.length] as (typeof HOMES)[number]
  const ip = anyAddress(random, home)
  const silentMs = startMs + Math.ceil(days * USED_SHARE) * DAY_MS
  return {
    networks: [home],
    callsPerVisit: 2,
    visitMs: 60_000,
    advance: () => undefined,
    visitsPerHour: (hourMs) => (hourMs < silentMs ? 0.8 * dailyShape(hourMs, 0.5) : 0),
    source: () => ({ ip, userAgent: 'legacy-importer/0.9.4 Java/1.8.0_392' }),
  }
}
