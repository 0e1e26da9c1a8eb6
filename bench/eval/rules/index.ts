/** The reference rules with the parameters that their vendors document, in the sets in which they are compared. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/settings.ts'
import { createCoincidence, createFirstValue } from './first-value.ts'
import { createHourlyCount } from './hourly-count.ts'
import { createImpossibleTravel } from './impossible-travel.ts'
import { address, agentFamily, country, endpoint, network, type Rule, userAgent } from './rule.ts'
import { createSeveralPlaces } from './several-places.ts'

/** Rules that are run together, over one stream of events. */
export interface RuleSet {
  readonly name: string
  readonly create: () => readonly Rule[]
}

const LEARN_MS = 7 * DAY_MS
const FORGET_MS = 30 * DAY_MS

export const RULE_SETS: readonly RuleSet[] = [
  {
    name: 'two or more first-time values (country 90 d, network and agent 30 d, action 180 d) within an hour',
    create: () => [
      createCoincidence({
        name: 'first-time values',
        watched: [
          { name: 'country', valueOf: country, forgetMs: 90 * DAY_MS },
          { name: 'network', valueOf: network, forgetMs: 30 * DAY_MS },
          { name: 'agent', valueOf: agentFamily, forgetMs: 30 * DAY_MS },
          { name: 'action', valueOf: endpoint, forgetMs: 180 * DAY_MS },
        ],
        learnMs: LEARN_MS,
        withinMs: HOUR_MS,
        countMin: 2,
      }),
    ],
  },
  {
    name: 'new country, network, agent (7 d learning, 30 d forgetting); hourly count above the 99.5th percentile of 14 d',
    create: () => [
      firstValue('new country', country, LEARN_MS, FORGET_MS),
      firstValue('new network', network, LEARN_MS, FORGET_MS),
      firstValue('new agent', userAgent, LEARN_MS, FORGET_MS),
      createHourlyCount({ hours: (14 * DAY_MS) / HOUR_MS, percentile: 0.995 }),
    ],
  },
  {
    name: 'first-seen address (10 d), agent (5 d), endpoint (7 d); several addresses and networks within 30 min',
    create: () => [
      firstValue('first-seen address', address, 10 * DAY_MS, 10 * DAY_MS),
      firstValue('first-seen agent', userAgent, 5 * DAY_MS, 5 * DAY_MS),
      firstValue('first-seen endpoint', endpoint, 7 * DAY_MS, 7 * DAY_MS),
      createSeveralPlaces({ withinMs: 30 * MINUTE_MS, addressesMin: 2, networksMin: 2 }),
    ],
  },
  {
    name: 'impossible travel over 300 km/h and 100 km; new country, new agent (7 d learning, 30 d forgetting)',
    create: () => [
      createImpossibleTravel({ speedKmh: 300, distanceKm: 100 }),
      firstValue('new country', country, LEARN_MS, FORGET_MS),
      firstValue('new agent', userAgent, LEARN_MS, FORGET_MS),
    ],
  },
]

function firstValue(
  name: string,
  valueOf: Parameters<typeof createFirstValue>[0]['watched']['valueOf'],
  learnMs: number,
  forgetMs: number,
): Rule {
  return createFirstValue({ name, watched: { name, valueOf, forgetMs }, learnMs })
}
