/** Which token suffers which attack, when. */
import { DAY_MS, HOUR_MS } from '../../../settings.ts'
import { createRandom, type Random } from '../../random.ts'
import type { Call } from '../client.ts'
import type { Estate } from '../estate.ts'
import { type AttackKind, ATTACK_KINDS, SCENARIOS } from './index.ts'
import type { Absence, Scenario, Strike, Victim, Window } from './scenario.ts'

export interface PlannedAttack {
  readonly kind: AttackKind
  /** Unique in the estate. */
  readonly instance: string
  /** The stream that its calls and events are drawn from. */
  readonly random: Random
  readonly absences: readonly Absence[]
  /** Calls of the hour, to be asked for once, in order, after the victims' own calls of that hour. */
  due(hourMs: number): readonly DueCall[]
}

export interface DueCall {
  readonly client: Victim
  readonly call: Call
  readonly isOwners: boolean
}

const INSTANCES_PER_400_TOKENS = [8, 10] as const
/** Counted from 0. A few attacks come early, when little is known of the tokens. */
const FIRST_DAY = 10
const USUAL_FIRST_DAY = 12
const EARLY_SHARE = 0.1
const TRIES = 25

/** Each attack several times, each on a token of its own as long as there are any that suit. */
export function planAttacks({ clients, world }: Estate): readonly PlannedAttack[] {
  const free = new Set(clients)
  const plan: PlannedAttack[] = []
  const endMs = world.startMs + (world.days - 0.05) * DAY_MS
  for (const kind of ATTACK_KINDS) {
    const scenario: Scenario = SCENARIOS[kind]
    const [least, most] = INSTANCES_PER_400_TOKENS
    const wanted = createRandom(world.seed, 'attacks', kind).between(least, most + 1)
    const count = Math.max(1, Math.floor((wanted * clients.length) / 400))
    for (let number = 1; number <= count; number++) {
      const random = createRandom(world.seed, 'attack', kind, number)
      const found = findVictim(random, scenario, free, world)
      if (found === undefined) break
      free.delete(found.victim)
      const raid = scenario.play({ random, world, clients, endMs, ...found })
      plan.push({
        kind,
        instance: `${kind}-${number}`,
        random,
        absences: raid.absences ?? [],
        due: dueOf(raid.strikes.filter(({ timeMs }) => timeMs < endMs)),
      })
    }
  }
  return plan
}

function findVictim(
  random: Random,
  scenario: Scenario,
  free: ReadonlySet<Victim>,
  { startMs, days }: Estate['world'],
): { victim: Victim; beginMs: number } | undefined {
  const suited = [...free].filter((victim) => scenario.suits(victim))
  for (let tries = 0; tries < TRIES && suited.length > 0; tries++) {
    const victim = random.pick(suited)
    const firstDay = Math.min(random.chance(EARLY_SHARE) ? FIRST_DAY : USUAL_FIRST_DAY, days * 0.4)
    const fromMs = startMs + firstDay * DAY_MS
    const window: Window = {
      fromMs,
      untilMs: Math.max(fromMs + HOUR_MS, startMs + (days - (scenario.daysMax ?? 0.4)) * DAY_MS),
    }
    const beginMs = scenario.begin ? scenario.begin(random, victim, window) : anyMoment(random, window)
    if (beginMs !== undefined && isAlive(victim, beginMs)) return { victim, beginMs }
  }
  return undefined
}

/** Somebody uses it at that time; of those that are hardly used it is enough that they were. */
function isAlive(victim: Victim, beginMs: number): boolean {
  const days = victim.kind === 'dormant' || victim.kind === 'rotated' ? 60 : 8
  const hours = Array.from({ length: days * 24 }, (_, hour) => beginMs - (beginMs % HOUR_MS) - hour * HOUR_MS)
  return hours.some((hourMs) => victim.expected(hourMs) > 0)
}

function anyMoment(random: Random, { fromMs, untilMs }: Window): number {
  return Math.floor(random.between(fromMs, untilMs))
}

function dueOf(strikes: readonly Strike[]): PlannedAttack['due'] {
  const byHour = Map.groupBy(strikes, ({ timeMs }) => timeMs - (timeMs % HOUR_MS))
  return (hourMs) =>
    (byHour.get(hourMs) ?? []).map((strike) => ({
      client: strike.victim,
      isOwners: strike.isOwners === true,
      call: { timeMs: strike.timeMs, ...strike.call(hourMs) },
    }))
}
