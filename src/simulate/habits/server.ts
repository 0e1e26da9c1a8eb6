/** A server: one fixed address, steady load with a daily shape, and a deploy now and then. */
import { LIBRARY_AGENTS } from '../agents.ts'
import { dailyShape, localMs, ZONES } from '../calendar.ts'
import { atDay, type Habit, type HabitContext } from '../client.ts'
import { anyAddress, NETWORKS } from '../networks.ts'

const HOMES = [
  NETWORKS.hetznerNuremberg,
  NETWORKS.awsFrankfurt,
  NETWORKS.ovhRoubaix,
  NETWORKS.awsVirginia,
  NETWORKS.coltLondon,
  NETWORKS.awsDublin,
]

/** Every other server has a deploy in the middle of the month that adds a route and a newer library. */
export function createServerHabit({ random, ordinal, service, startMs, days }: HabitContext): Habit {
  const home = HOMES[ordinal % HOMES.length] as (typeof HOMES)[number]
  const ip = anyAddress(random, home)
  const [before, after] = LIBRARY_AGENTS[ordinal % LIBRARY_AGENTS.length] as (typeof LIBRARY_AGENTS)[number]
  const deployMs = ordinal % 2 === 0 ? atDay(startMs, Math.floor(days * 0.4) + random.int(3), 9.5) : undefined
  const product = `${service.tenant}-integration/2.7.${ordinal} (+https://${service.tenant}.example/bots)`
  let userAgent = `${product} ${before}`
  return {
    networks: [home],
    callsPerVisit: 1,
    visitMs: 1,
    ...(deployMs === undefined ? {} : { deployMs }),
    advance: (hourMs) => {
      if (deployMs !== undefined && hourMs >= deployMs) userAgent = `${product} ${after}`
    },
    visitsPerHour: (hourMs) => 15 * dailyShape(localMs(ZONES.berlin, hourMs), 0.45),
    source: () => ({ ip, userAgent }),
  }
}
