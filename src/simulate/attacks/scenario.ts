/** What an attack on a simulated token is, and the pieces that several attacks share. */
import { HOUR_MS } from '../../settings.ts'
import type { Call, Client, Source } from '../client.ts'
import type { ClientKind } from '../habits/index.ts'
import { anyAddress, NETWORKS, type Network } from '../networks.ts'
import { FOREIGN_AGENTS } from '../agents.ts'
import type { Random } from '../random.ts'
import type { Endpoint } from '../services.ts'

export interface Scenario {
  /** Whose tokens it is played on. */
  readonly victims: readonly ClientKind[]
  /** Played only when all attacks are asked for. */
  readonly hard?: boolean
  /** All calls of the attack, none before the hour of `beginMs`, in no order. Changes nothing in the victim. */
  calls(random: Random, victim: Client<ClientKind>, beginMs: number): readonly Call[]
}

/** Hosting and exit networks that no client of the simulator lives in, and homes in countries without a client. */
const THIEVES: readonly Network[] = [
  NETWORKS.m247Bucharest,
  NETWORKS.digitalOceanAmsterdam,
  NETWORKS.vultrTokyo,
  NETWORKS.rostelecomMoscow,
  NETWORKS.viettelHoChiMinh,
  NETWORKS.mtnLagos,
  NETWORKS.claroSaoPaulo,
  NETWORKS.turkTelekomIstanbul,
]

/** An address in a country that the victim never calls from, with an agent that the victim never uses. */
export function foreignSource(random: Random, victim: Client): Source {
  const known = new Set(victim.networks.map((network) => network.country))
  const network = random.pick(THIEVES.filter((candidate) => !known.has(candidate.country)))
  return { ip: anyAddress(random, network, 1), userAgent: random.pick(FOREIGN_AGENTS) }
}

export interface CallSpread {
  readonly beginMs: number
  readonly durationMs: number
  readonly count: number
}

/** Calls spread evenly at random over a time. */
export function spread(
  random: Random,
  { beginMs, durationMs, count }: CallSpread,
  make: (index: number) => { readonly source: Source; readonly endpoint: Endpoint; readonly status: number },
): readonly Call[] {
  return Array.from({ length: count }, (_, index) => {
    const timeMs = Math.floor(beginMs + random.next() * durationMs)
    return { timeMs, arrivalMs: timeMs, ...make(index) }
  })
}

export const MINUTES_MS = HOUR_MS / 60
