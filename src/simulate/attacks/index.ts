/** The registry of attacks, and the plan of which token suffers which, when. */
import { DAY_MS } from '../../settings.ts'
import type { Call, Client } from '../client.ts'
import type { ClientKind } from '../habits/index.ts'
import { createRandom, type Random } from '../random.ts'
import { enumeration } from './enumeration.ts'
import type { Scenario } from './scenario.ts'
import { spike } from './spike.ts'
import { stolenSameCloud } from './stolen-same-cloud.ts'
import { stolenToken } from './stolen-token.ts'
import { wokenToken } from './woken-token.ts'

/** The order decides who chooses a victim first: no token suffers two attacks. */
export const ATTACKS = {
  'woken-token': wokenToken,
  'stolen-same-cloud': stolenSameCloud,
  'stolen-token': stolenToken,
  enumeration,
  spike,
} as const satisfies Record<string, Scenario>

export type AttackName = keyof typeof ATTACKS

export interface PlannedAttack {
  readonly name: AttackName
  readonly victim: Client<ClientKind>
  readonly beginMs: number
  /** The stream of its own that its calls and events are drawn from. */
  readonly random: Random
  /** To be asked once, in the hour of `beginMs`, after the victim's own calls of that hour. */
  calls(): readonly Call[]
}

export interface PlanOptions {
  readonly seed: number
  readonly days: number
  readonly startMs: number
  readonly attacks: boolean | 'all'
}

/** From this day on, counted from 0: a token has three weeks of history by then. */
const FIRST_DAY = 20
const TOKENS_PER_ATTACK = 30

/** Each attack once in every thirty tokens, at least once where a token suits it; in a short simulation in its last third. */
export function planAttacks(clients: readonly Client<ClientKind>[], options: PlanOptions): readonly PlannedAttack[] {
  if (options.attacks === false) return []
  const free = new Set(clients)
  const rounds = Math.max(1, Math.round(clients.length / TOKENS_PER_ATTACK))
  const planned: PlannedAttack[] = []
  for (const name of Object.keys(ATTACKS) as AttackName[]) {
    const scenario: Scenario = ATTACKS[name]
    if (scenario.hard === true && options.attacks !== 'all') continue
    for (let round = 0; round < rounds; round++) {
      const random = createRandom(options.seed, 'attack', name, round)
      const suited = [...free].filter((client) => scenario.victims.includes(client.kind))
      if (suited.length === 0) break
      const victim = random.pick(suited)
      free.delete(victim)
      const beginMs = beginTime(random, options)
      planned.push({ name, victim, beginMs, random, calls: () => scenario.calls(random, victim, beginMs) })
    }
  }
  return planned.sort((left, right) => left.beginMs - right.beginMs)
}

/** Early enough before the end for the longest attack to be played out. */
function beginTime(random: Random, { days, startMs }: PlanOptions): number {
  const firstDay = days > FIRST_DAY ? FIRST_DAY : Math.floor((days * 2) / 3)
  return Math.floor(startMs + random.between(firstDay, Math.max(firstDay, days - 0.3)) * DAY_MS)
}
