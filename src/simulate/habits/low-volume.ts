/** A script that somebody runs a few times a day: too few calls for statistics to say much. */
import { localMs, workingShape, ZONES } from '../calendar.ts'
import type { Habit, HabitContext } from '../client.ts'
import { anyAddress, NETWORKS } from '../networks.ts'

const HOMES = [NETWORKS.coltLondon, NETWORKS.telefonicaMadrid, NETWORKS.orangeParis]

export function createLowVolumeHabit({ random, ordinal }: HabitContext): Habit {
  const home = HOMES[ordinal % HOMES.length] as (typeof HOMES)[number]
  const ip = anyAddress(random, home)
  return {
    networks: [home],
    callsPerVisit: 1.5,
    visitMs: 60_000,
    advance: () => undefined,
    visitsPerHour: (hourMs) => 4 * workingShape(localMs(ZONES.berlin, hourMs)),
    source: () => ({ ip, userAgent: 'curl/8.5.0' }),
  }
}
