/** Continuous integration: every job has another cloud egress, jobs come with commits, and networks are added. */
import { isWeekend, localMs, workingShape, ZONES } from '../calendar.ts'
import { atDay, type Habit, type HabitContext } from '../client.ts'
import { anyAddress, NETWORKS, type Network } from '../networks.ts'

const RUNNERS: readonly { agent: string; networks: readonly Network[]; later: Network }[] = [
  {
    agent: 'acme-deploy/2.4 (GitHub-Actions) curl/8.5.0',
    networks: [NETWORKS.azureVirginia, NETWORKS.azureCalifornia],
    later: NETWORKS.azureAmsterdam,
  },
  {
    agent: 'gitlab-runner/18.4.0 node-fetch/1.0',
    networks: [NETWORKS.googleCalifornia],
    later: NETWORKS.azureVirginia,
  },
  {
    agent: 'buildkite-agent/3.103.1.x (linux; amd64)',
    networks: [NETWORKS.awsVirginia, NETWORKS.awsDublin],
    later: NETWORKS.awsFrankfurt,
  },
]

/** From the middle of the month on, one job in eight runs in a region that was never used before. */
export function createCiHabit({ random, ordinal, startMs, days }: HabitContext): Habit {
  const runner = RUNNERS[ordinal % RUNNERS.length] as (typeof RUNNERS)[number]
  const expandMs = atDay(startMs, Math.floor(days * 0.5) + random.int(3), 8)
  let expanded = false
  return {
    networks: [...runner.networks, runner.later],
    callsPerVisit: 14,
    visitMs: 180_000,
    advance: (hourMs) => {
      expanded = hourMs >= expandMs
    },
    visitsPerHour: (hourMs) => {
      const zone = ordinal % 2 === 0 ? ZONES.berlin : ZONES.newYork
      return 0.08 + (isWeekend(hourMs) ? 0 : 14 * workingShape(localMs(zone, hourMs)))
    },
    source: (random) => {
      const network = expanded && random.chance(0.125) ? runner.later : random.pick(runner.networks)
      return { ip: anyAddress(random, network), userAgent: runner.agent }
    },
  }
}
