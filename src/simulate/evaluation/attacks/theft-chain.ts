/** What a real thief does: tries the token from a new place, looks around, goes for what is worth most, pulls it out. */
import { HOUR_MS } from '../../../settings.ts'
import { bulkRoutes, guesses } from './loot.ts'
import { answerOf, type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { anywhereElse, disguise } from './thieves.ts'

export const theftChain: Scenario = {
  suits: () => true,
  daysMax: 2,
  play: ({ random, victim, beginMs }) => {
    const source = disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0.4 })
    const pauseMs = () => spread(random, 0.05, 14) * HOUR_MS
    const lookMs = beginMs + pauseMs()
    const takeMs = lookMs + pauseMs()
    const tries = timesOf(random, { beginMs, durationMs: 5 * 60_000, count: 1 + random.int(6) })
    const looks = timesOf(random, {
      beginMs: lookMs,
      durationMs: spread(random, 3, 90) * 60_000,
      count: 10 + random.int(80),
    })
    const takes = timesOf(random, {
      beginMs: takeMs,
      durationMs: spread(random, 5, 180) * 60_000,
      count: 10 + random.int(150),
    })
    const { endpoints, sensitive } = victim.service
    const guessed = guesses(random, victim, 20)
    const bulk = bulkRoutes(victim)
    const factor = spread(random, 2, 80)
    return {
      strikes: [
        ...strikesOf(victim, tries, source, (_, timeMs) => {
          const endpoint = random.chance(0.5) ? victim.work.endpoint(random, timeMs) : random.pick(guessed)
          return { endpoint, status: endpoint.unrouted === true ? 404 : endpoint.success }
        }),
        ...strikesOf(victim, looks, source, () => {
          const endpoint = random.pick([random.pick(endpoints), random.pick(sensitive), random.pick(guessed)])
          return { endpoint, status: endpoint.unrouted === true ? 404 : answerOf(random, victim, endpoint, 0.1) }
        }),
        ...strikesOf(victim, takes, source, () => {
          const endpoint = bulk.length > 0 ? random.pick(bulk) : random.pick(endpoints)
          const bytes = endpoint.bytesTypical * victim.work.bytesFactor * factor * random.between(0.6, 1.4)
          return { endpoint, status: 200, bytes: Math.round(bytes) }
        }),
      ],
    }
  },
}
