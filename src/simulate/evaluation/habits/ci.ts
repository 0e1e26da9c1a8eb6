/** Continuous integration: jobs in bursts, each from another egress of a large cloud or two, more by day. */
import { MINUTE_MS } from '../../../settings.ts'
import { type Agent, programAgent } from '../agents.ts'
import { type HabitKind, moment, volume } from '../habit.ts'
import { office, plus } from '../loads.ts'
import { networksOf } from '../networks/index.ts'
import { anywhere, scheduled } from '../where.ts'

const RUNNERS = ['GitHub-Actions', 'gitlab-runner/18.4.0', 'buildkite-agent/3.103.1.x (linux; amd64)', 'CircleCI-Agent']

/** In the middle of the month some get runners in a region or cloud that they never had. */
export const ci: HabitKind = {
  weight: 30,
  names: ['github-actions-deploy', 'gitlab-runner-e2e', 'buildkite-release', 'circle-publish', 'nightly-build'],
  create: (context) => {
    const { random, tenant, name } = context
    const clouds = networksOf('hosting').filter(({ operator }) => ['azure', 'aws', 'google'].includes(operator))
    const home = random.pick(clouds)
    const region = () => random.pick(clouds.filter(({ country }) => country === home.country || random.chance(0.1)))
    const usual = [[home, 1] as const, [region(), random.between(0.1, 1)] as const]
    const grown = [...usual, [region(), random.between(0.05, 0.5)] as const]
    const growsMs = random.chance(0.5) ? moment(context, 0.2, 0.9) : Infinity
    const library = programAgent(context, [moment(context, 0, 1)])
    const runner = random.pick(RUNNERS)
    const agent: Agent = (timeMs, random) => (random.chance(0.6) ? `${name} (${runner})` : library(timeMs, random))
    return {
      where: scheduled([anywhere(usual), anywhere(grown)], (hourMs) => (hourMs < growsMs ? 0 : 1)),
      agent: random.chance(0.5) ? agent : library,
      load: plus(office(random, tenant.zone), () => 0.02),
      callsPerDay: volume(context, 60),
      callsPerVisit: 4 + random.int(30),
      visitMs: random.between(1, 20) * MINUTE_MS,
      noise: random.between(0.4, 0.9),
      traits: { isPerson: false, place: 'many' },
    }
  },
}
