/** What a kind of token is made of: where, when, with what and on what it calls. */
import { DAY_MS } from '../../settings.ts'
import type { Random } from '../random.ts'
import type { Agent } from './agents.ts'
import type { Load } from './loads.ts'
import type { Service } from './services.ts'
import type { Tenant } from './tenants.ts'
import type { Where } from './where.ts'
import type { WorkOptions } from './work.ts'
import type { World } from './world.ts'

export interface Habit {
  readonly where: Where
  readonly agent: Agent
  readonly load: Load
  /** Mean number of calls on a day, over its first weeks. */
  readonly callsPerDay: number
  /** Mean number of calls of a visit, which is a run of calls from one source. */
  readonly callsPerVisit: number
  /** Over how long the calls of a visit spread. */
  readonly visitMs: number
  /** How far hours differ from their mean: standard deviation of the logarithm. */
  readonly noise?: number
  /** Visits by the clock instead of at random. */
  readonly isRegular?: boolean
  readonly work?: WorkOptions
  /** When it is deployed itself: it may take up new routes then. */
  readonly deploysMs?: readonly number[]
  /** When its token takes over or is taken over from, and for how long both are good. */
  readonly rotation?: { readonly atMs: number; readonly graceMs: number }
  /** When the token was made, if that is within the simulation. */
  readonly bornMs?: number
  readonly traits: Traits
}

/** What an attack must know of its victim. */
export interface Traits {
  /** A person, who keeps holidays and sleeps. */
  readonly isPerson: boolean
  /**
   * `fixed`: some addresses; `cloud`: a region of a cloud; `home`: lines and carriers of one country; `many`: several
   * countries or clouds, so that a thief in one more place looks like itself.
   */
  readonly place: 'fixed' | 'cloud' | 'home' | 'many'
  /** Whether the volume may be scaled to reach the estate's. */
  readonly scales?: boolean
  /** Silent for most of the time. */
  readonly isRare?: boolean
}

export interface HabitContext {
  readonly random: Random
  readonly world: World
  readonly tenant: Tenant
  readonly service: Service
  /** Name of the token, for user agents. */
  readonly name: string
  /** Counts the tokens of its kind. */
  readonly ordinal: number
}

export type HabitFactory = (context: HabitContext) => Habit

/** A number of calls a day with the given median and a heavy tail. */
export function volume({ random, world }: HabitContext, median: number, spread = 1): number {
  return median * Math.exp(spread * world.style.volumeSpread * random.normal())
}

/** A day of the simulation, drawn between two shares of it, at any hour. */
export function moment({ random, world }: HabitContext, fromShare: number, untilShare: number): number {
  return world.startMs + random.between(fromShare, untilShare) * world.days * DAY_MS
}

/** Times in order, so many a month on average. */
export function moments(context: HabitContext, perMonth: number): readonly number[] {
  const count = context.random.poisson((perMonth * context.world.days) / 30)
  return Array.from({ length: count }, () => moment(context, 0.05, 1)).sort((left, right) => left - right)
}

/** A kind of token in the registry of habits. */
export interface HabitKind {
  /** How common such tokens are beside the others, before the seed's own mix. */
  readonly weight: number
  /** What such tokens are called. */
  readonly names: readonly string[]
  readonly create: HabitFactory
}
