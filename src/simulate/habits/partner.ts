/** A partner company: one site in use and another to fail over to; one of them asks for what is not there all the time. */
import { HOUR_MS } from '../../settings.ts'
import { LIBRARY_AGENTS } from '../agents.ts'
import { dailyShape, isWeekend, localMs, ZONES } from '../calendar.ts'
import { atDay, type Habit, type HabitContext } from '../client.ts'
import { anyAddress, NETWORKS } from '../networks.ts'

const SITES = [
  { first: NETWORKS.lumenDenver, second: NETWORKS.lumenSeattle, zone: ZONES.denver },
  { first: NETWORKS.teliaStockholm, second: NETWORKS.kpnAmsterdam, zone: ZONES.berlin },
]
const FAILOVER_MS = 6 * HOUR_MS

/** Fails over three times a month for six hours, the first time early, so that the second site is known. */
export function createPartnerHabit({ random, ordinal, startMs, days }: HabitContext): Habit {
  const { first, second, zone } = SITES[ordinal % SITES.length] as (typeof SITES)[number]
  const firstIps = [anyAddress(random, first, 1), anyAddress(random, first, 1)]
  const secondIps = [anyAddress(random, second, 1)]
  const failovers = [0.1, 0.45, 0.8].map((share) => atDay(startMs, Math.floor(days * share), random.int(18)))
  const userAgent = `PartnerConnect/5.${ordinal}.2 ${LIBRARY_AGENTS[4]?.[0] ?? ''}`
  let failedOver = false
  return {
    networks: [first, second],
    callsPerVisit: 4,
    visitMs: 45_000,
    notFoundShare: ordinal % 2 === 0 ? 0.07 : 0.003,
    advance: (hourMs) => {
      failedOver = failovers.some((beginMs) => hourMs >= beginMs && hourMs < beginMs + FAILOVER_MS)
    },
    visitsPerHour: (hourMs) => 2.2 * dailyShape(localMs(zone, hourMs), 0.8) * (isWeekend(hourMs) ? 0.5 : 1.15),
    source: (random) => ({ ip: random.pick(failedOver ? secondIps : firstIps), userAgent }),
  }
}
