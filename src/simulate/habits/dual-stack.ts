/** A client with IPv4 and IPv6: the same machine, either family, with a new privacy address each day. */
import { DAY_MS } from '../../settings.ts'
import { dailyShape, localMs, ZONES } from '../calendar.ts'
import type { Habit, HabitContext } from '../client.ts'
import { anyAddress, NETWORKS, privacyAddress } from '../networks.ts'

const LINES = [
  { v4: NETWORKS.comcastChicago, v6: NETWORKS.comcastSanJoseV6, zone: ZONES.denver },
  { v4: NETWORKS.o2Berlin, v6: NETWORKS.vodafoneBerlinV6, zone: ZONES.berlin },
  { v4: NETWORKS.awsVirginia, v6: NETWORKS.awsVirginiaV6, zone: ZONES.newYork },
]

export function createDualStackHabit({ random, ordinal, startMs }: HabitContext): Habit {
  const { v4, v6, zone } = LINES[ordinal % LINES.length] as (typeof LINES)[number]
  const ipv4 = anyAddress(random, v4)
  const subnet = `${random.pick(v6.prefixes)}:${(1 + random.int(200)).toString(16)}`
  let ipv6 = privacyAddress(random, subnet)
  return {
    networks: [v4, v6],
    callsPerVisit: 3,
    visitMs: 30_000,
    advance: (hourMs) => {
      if ((hourMs - startMs) % DAY_MS === 0) ipv6 = privacyAddress(random, subnet)
    },
    visitsPerHour: (hourMs) => 2.8 * dailyShape(localMs(zone, hourMs), 0.5),
    source: (random) => ({
      ip: random.chance(0.6) ? ipv6 : ipv4,
      userAgent: 'status-dashboard/3.2 (Electron/33.2.0; Linux) node-fetch/3.3.2',
    }),
  }
}
