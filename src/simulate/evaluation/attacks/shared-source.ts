/** A breach: somebody has several tokens of one tenant, one service or of anybody, and uses them from one new place. */
import { pickSome } from '../pick.ts'
import { curiosity, lootRoute } from './loot.ts'
import { answerOf, type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { anywhereElse, disguise } from './thieves.ts'

export const sharedSource: Scenario = {
  suits: () => true,
  play: ({ random, victim, beginMs, clients }) => {
    const source = disguise(random, victim, { networks: anywhereElse(random, victim), copyShare: 0, addresses: 1 })
    const field = random.pick(['tenant', 'tenant', 'service', undefined] as const)
    const others = clients.filter(
      (client) => client !== victim && (field === undefined || client[field] === victim[field]),
    )
    const wanted = 2 + random.int(12)
    const tokens = [
      victim,
      ...pickSome(random, others.length < wanted ? clients.filter((one) => one !== victim) : others, wanted),
    ]
    const durationMs = spread(random, 5, 240) * 60_000
    const interest = curiosity(random)
    const calls = spread(random, 3, 30)
    const strikes = tokens.flatMap((token) => {
      const times = timesOf(random, { beginMs, durationMs, count: 1 + random.poisson(calls) })
      return strikesOf(token, times, source, (_, timeMs) => {
        const endpoint = lootRoute(random, token, interest, timeMs)
        return { endpoint, status: answerOf(random, token, endpoint) }
      })
    })
    return { strikes: strikes.sort((left, right) => left.timeMs - right.timeMs) }
  },
}
