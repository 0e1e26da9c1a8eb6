/** One source tries many tokens, old and guessed ones among them, and mostly fails. */
import { pickSome } from '../pick.ts'
import { type Scenario, spread, type Strike } from './scenario.ts'
import { anywhereElse, disguise, hostingAbroad } from './thieves.ts'

export const credentialSpraying: Scenario = {
  suits: () => true,
  play: ({ random, victim, beginMs, clients }) => {
    const networks = random.chance(0.7) ? hostingAbroad(victim) : anywhereElse(random, victim)
    const source = disguise(random, victim, { networks, copyShare: 0, addresses: random.pick([1, 1, 1, 3]) })
    const others = clients.filter(({ kind }) => kind !== 'health-check')
    const tokens = [victim, ...pickSome(random, others, Math.round(spread(random, 8, 60)))]
    const durationMs = spread(random, 1, 90) * 60_000
    const luck = random.pick([0, 0, 0.03])
    const strikes = tokens.flatMap((token): Strike[] => {
      const endpoint = random.pick(token.service.endpoints)
      return Array.from({ length: 1 + random.int(4) }, () => ({
        victim: token,
        timeMs: Math.floor(beginMs + random.next() * durationMs),
        call: (hourMs) => ({
          source: source(hourMs),
          endpoint,
          status: random.chance(luck) ? endpoint.success : random.pick([401, 401, 401, 403]),
        }),
      }))
    })
    return { strikes: strikes.sort((left, right) => left.timeMs - right.timeMs) }
  },
}
