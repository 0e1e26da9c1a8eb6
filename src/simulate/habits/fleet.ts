/** A fleet of workers in a cloud: several addresses of a few /24s, more by day than by night, new ones now and then. */
import { LIBRARY_AGENTS } from '../agents.ts'
import { dailyShape, isWeekend, localMs, ZONES } from '../calendar.ts'
import { atDay, type Habit, type HabitContext } from '../client.ts'
import { anyAddress, NETWORKS } from '../networks.ts'

const CLOUDS = [
  { network: NETWORKS.awsVirginia, zone: ZONES.newYork },
  { network: NETWORKS.awsFrankfurt, zone: ZONES.berlin },
  { network: NETWORKS.googleCalifornia, zone: ZONES.denver },
  { network: NETWORKS.awsDublin, zone: ZONES.london },
]
const WORKERS_MIN = 3
/** Share of new workers that start in a /24 that the fleet seldom uses. */
const STRAY_SHARE = 0.04

export function createFleetHabit({ random, ordinal, service, startMs, days }: HabitContext): Habit {
  const { network, zone } = CLOUDS[ordinal % CLOUDS.length] as (typeof CLOUDS)[number]
  const [before, after] = LIBRARY_AGENTS[(ordinal + 1) % LIBRARY_AGENTS.length] as (typeof LIBRARY_AGENTS)[number]
  const deployMs = atDay(startMs, Math.floor(days * 0.35) + random.int(4), 13)
  const startWorker = () => anyAddress(random, network, random.chance(STRAY_SHARE) ? network.prefixes.length : 3)
  const warmPool = Array.from({ length: 14 }, startWorker)
  const workers = warmPool.slice(0, WORKERS_MIN)
  let userAgent = `${service.tenant}-worker/4.18.2 ${before}`
  const load = (hourMs: number) => dailyShape(localMs(zone, hourMs), 0.7) * (isWeekend(hourMs) ? 0.6 : 1.15)
  return {
    networks: [network],
    callsPerVisit: 2,
    visitMs: 20_000,
    deployMs,
    advance: (hourMs) => {
      const target = Math.round(WORKERS_MIN + 3 * load(hourMs))
      while (workers.length > target) workers.shift()
      while (workers.length < target) workers.push(random.chance(0.15) ? startWorker() : random.pick(warmPool))
      if (hourMs >= deployMs) userAgent = `${service.tenant}-worker/4.19.0 ${after}`
    },
    visitsPerHour: (hourMs) => 8.5 * load(hourMs),
    source: (random) => ({ ip: random.pick(workers), userAgent }),
  }
}
