/** The token used for hours in a second place of the same country, beside its owner, with the owner's agent. */
import { activeMoment, answerOf, ownersCalls, type Scenario, spread, strikesOf, timesOf } from './scenario.ts'
import { disguise, elsewhereAtHome } from './thieves.ts'

export const concurrentUse: Scenario = {
  suits: (victim) => victim.habit.traits.place !== 'many' && elsewhereAtHome(victim).length > 0,
  begin: (random, victim, window) => activeMoment(random, victim, window, 2.5),
  play: ({ random, victim, beginMs }) => {
    const source = disguise(random, victim, { networks: elsewhereAtHome(victim), copyShare: 0.9, addresses: 1 })
    const timing = { beginMs, durationMs: spread(random, 1, 6) * 3_600_000, count: Math.round(spread(random, 15, 150)) }
    const times = timesOf(random, timing)
    const strikes = strikesOf(victim, times, source, (_, timeMs) => {
      const endpoint = victim.work.endpoint(random, timeMs)
      return { endpoint, status: answerOf(random, victim, endpoint, 0.005) }
    })
    return { strikes: [...strikes, ...ownersCalls(random, victim, times)] }
  },
}
