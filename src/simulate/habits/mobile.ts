/** An application on a telephone: carrier addresses that change all day, a home network, and updates of the app. */
import { DAY_MS } from '../../settings.ts'
import { androidApp, iosApp, versionAt } from '../agents.ts'
import { leisureShape, localMs, ZONES } from '../calendar.ts'
import { atDay, type Habit, type HabitContext } from '../client.ts'
import { anyAddress, NETWORKS } from '../networks.ts'

const LIVES = [
  { carrier: NETWORKS.tmobileUs, home: NETWORKS.comcastChicago, zone: ZONES.newYork },
  { carrier: NETWORKS.o2Hamburg, home: NETWORKS.telekomMunich, zone: ZONES.berlin },
  { carrier: NETWORKS.vodafoneUk, home: NETWORKS.btBristol, zone: ZONES.london },
  { carrier: NETWORKS.jioDelhi, home: NETWORKS.jioDelhi, zone: ZONES.delhi },
  { carrier: NETWORKS.verizonUs, home: NETWORKS.comcastChicago, zone: ZONES.newYork },
  { carrier: NETWORKS.o2Berlin, home: NETWORKS.telekomMunich, zone: ZONES.berlin },
]
const APP_RELEASE_DAYS = 9

export function createMobileHabit({ random, ordinal, service, startMs, days }: HabitContext): Habit {
  const { carrier, home, zone } = LIVES[ordinal % LIVES.length] as (typeof LIVES)[number]
  const app = `${service.tenant.charAt(0).toUpperCase()}${service.tenant.slice(1)}`
  const updateLagMs = random.between(0.2, 3) * DAY_MS
  const systemUpdateMs = atDay(startMs, days * random.between(0.3, 0.7), 3)
  const firstMinor = 10 + random.int(8)
  let homeIp = anyAddress(random, home, 1)
  let userAgent = ''
  return {
    networks: carrier === home ? [carrier] : [carrier, home],
    callsPerVisit: 9,
    visitMs: 240_000,
    advance: (hourMs) => {
      if (random.chance(0.002)) homeIp = anyAddress(random, home, 2)
      const minor = versionAt(firstMinor, APP_RELEASE_DAYS, startMs, hourMs - updateLagMs)
      const updated = hourMs >= systemUpdateMs
      userAgent = ordinal % 2 === 0 ? iosApp(app, minor, updated ? '26.1' : '26.0.1') : androidApp(app, minor, '16')
    },
    visitsPerHour: (hourMs) => 9 * leisureShape(localMs(zone, hourMs)),
    source: (random) => ({ ip: random.chance(0.45) ? homeIp : anyAddress(random, carrier), userAgent }),
  }
}
