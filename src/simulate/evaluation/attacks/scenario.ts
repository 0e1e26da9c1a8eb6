/** What an attack on the evaluation's tokens is, and the pieces that many attacks share. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../settings.ts'
import type { Random } from '../../random.ts'
import type { Call, Client, Source } from '../client.ts'
import type { Endpoint } from '../endpoints.ts'
import type { TokenKind } from '../habits/index.ts'
import type { World } from '../world.ts'

export type Victim = Client<TokenKind>

/** One call of an attack, made in its hour, when it is known where the victim is. */
export interface Strike {
  readonly victim: Victim
  readonly timeMs: number
  /** A call that the owner makes meanwhile: it belongs to the story, and not to the attack. */
  readonly isOwners?: boolean
  call(hourMs: number): Omit<Call, 'timeMs' | 'delayMs'>
}

/** Calls of the victim that an attack, or a failure, has taken away. */
export interface Absence {
  readonly client: Victim
  readonly fromMs: number
  readonly untilMs: number
}

export interface Raid {
  readonly strikes: readonly Strike[]
  readonly absences?: readonly Absence[]
}

export interface Window {
  readonly fromMs: number
  readonly untilMs: number
}

export interface RaidContext {
  readonly random: Random
  readonly world: World
  readonly victim: Victim
  readonly beginMs: number
  /** The end of the simulation, a little early. */
  readonly endMs: number
  /** All tokens of the estate, for attacks on many. */
  readonly clients: readonly Victim[]
}

export interface Scenario {
  /** Whose tokens it is played on. */
  suits(victim: Victim): boolean
  /** How long it takes at most. Default: some hours. */
  readonly daysMax?: number
  /** When it begins; undefined where there is no good moment. Default: any time. */
  begin?(random: Random, victim: Victim, window: Window): number | undefined
  /** May change the victim's registry entry and interrupt it. */
  play(context: RaidContext): Raid
}

export interface Timing {
  readonly beginMs: number
  readonly durationMs: number
  readonly count: number
}

/** Times in order: all through, or in some bouts with rests in between. */
export function timesOf(random: Random, { beginMs, durationMs, count }: Timing): readonly number[] {
  const bouts = random.chance(0.5) ? 1 : 1 + random.int(5)
  const begins = Array.from({ length: bouts }, (_, at) => (at === 0 ? 0 : random.next() * 0.9))
  const length = bouts === 1 ? 1 : random.between(0.05, 0.3)
  const times = Array.from({ length: count }, (_, at) =>
    at === 0 ? beginMs : beginMs + Math.min(1, random.pick(begins) + length * random.next()) * durationMs,
  )
  return times.map(Math.floor).sort((left, right) => left - right)
}

/** A number spread evenly over orders of magnitude. */
export function spread(random: Random, low: number, high: number): number {
  return Math.exp(random.between(Math.log(low), Math.log(high)))
}

/** Whether the registry's scopes allow the call, as far as they can be read. */
export function isAllowed({ token: { scopes } }: Victim, { method, resource }: Endpoint): boolean {
  if (!scopes.some((scope) => scope.includes(':'))) return true
  return scopes.includes(`${resource}:${method === 'GET' ? 'read' : 'write'}`)
}

/** What a thief is answered: what the token may do works, the rest is mostly refused. */
export function answerOf(random: Random, victim: Victim, endpoint: Endpoint, refusedShare = 0.02): number {
  const share = isAllowed(victim, endpoint) ? refusedShare : Math.max(refusedShare, 0.7)
  return random.chance(share) ? random.pick([403, 403, 404]) : endpoint.success
}

/** Strikes on one victim at the given times. */
export function strikesOf(
  victim: Victim,
  times: readonly number[],
  source: (hourMs: number) => Source,
  call: (index: number, timeMs: number) => Omit<Call, 'timeMs' | 'delayMs' | 'source'>,
): readonly Strike[] {
  return times.map((timeMs, index) => ({
    victim,
    timeMs,
    call: (hourMs) => ({ source: source(hourMs), ...call(index, timeMs) }),
  }))
}

/** The owner at work beside a thief: some calls from its own place, the first shortly before the thief's. */
export function ownersCalls(random: Random, victim: Victim, times: readonly number[]): readonly Strike[] {
  const [firstMs = 0, lastMs = firstMs] = [times[0], times.at(-1)]
  const count = 2 + random.int(5)
  return Array.from({ length: count }, (_, index) => {
    const spanMs = lastMs - firstMs + 20 * MINUTE_MS
    const timeMs = Math.floor(
      index === 0 ? firstMs - random.between(0.5, 20) * MINUTE_MS : firstMs + random.next() * spanMs,
    )
    return {
      victim,
      timeMs,
      isOwners: true,
      call: (hourMs) => {
        const endpoint = victim.work.endpoint(random, timeMs)
        return {
          source: victim.source(random, hourMs),
          endpoint,
          status: victim.work.status(random, endpoint, timeMs, 0),
        }
      },
    }
  })
}

/** Calls of a usual day after the token has settled. */
export function callsPerDay(victim: Victim, aroundMs: number): number {
  let sum = 0
  for (let hour = -84; hour < 84; hour++) sum += victim.expected(aroundMs - (aroundMs % HOUR_MS) + hour * HOUR_MS)
  return sum / 7
}

/** A moment at which the victim is at work, at least so many calls an hour. */
export function activeMoment(random: Random, victim: Victim, window: Window, perHour: number): number | undefined {
  for (let tries = 0; tries < 150; tries++) {
    const atMs = Math.floor(random.between(window.fromMs, window.untilMs))
    if (victim.expected(atMs - (atMs % HOUR_MS)) >= perHour) return atMs
  }
  return undefined
}

/** A moment in the hours at which the victim never works, on no day of the week before. */
export function nightMoment(random: Random, victim: Victim, window: Window): number | undefined {
  for (let tries = 0; tries < 60; tries++) {
    const atMs = Math.floor(random.between(window.fromMs, window.untilMs))
    const hourMs = atMs - (atMs % HOUR_MS)
    const near = Array.from({ length: 24 }, (_, day) =>
      [-1, 0, 1].map((hour) => hourMs + hour * HOUR_MS - day * DAY_MS),
    )
    if (near.flat().every((time) => victim.expected(time) < 0.02) && callsPerDay(victim, hourMs) > 5) return atMs
  }
  return undefined
}
