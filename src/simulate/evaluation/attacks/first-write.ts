/** A token that only ever read begins to write, from its own place. */
import { type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { ownPlace } from './thieves.ts'

export const firstWrite: Scenario = {
  suits: ({ work, service, habit }) =>
    habit.work?.readOnly === true &&
    work.usual.every(({ method }) => method === 'GET') &&
    service.endpoints.some(({ kind }) => kind === 'write'),
  play: ({ random, victim, beginMs }) => {
    const writes = victim.service.endpoints.filter(({ kind }) => kind === 'write')
    const chosen = random.chance(0.5) ? [random.pick(writes)] : writes
    const timing = { beginMs, durationMs: spread(random, 2, 180) * 60_000, count: Math.round(spread(random, 4, 60)) }
    const refused = random.pick([0, 0.05, 0.4])
    return {
      strikes: strikesOf(victim, timesOf(random, timing), ownPlace(random, victim, 0.8), () => {
        const endpoint = random.pick(chosen)
        return { endpoint, status: random.chance(refused) ? 403 : endpoint.success }
      }),
    }
  },
}
