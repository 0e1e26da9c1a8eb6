/** Places to call from: single machines, pools, lines that get new addresses, and ways between several of them. */
import { DAY_MS, HOUR_MS } from '../../settings.ts'
import { privacyAddress } from '../networks.ts'
import type { Random } from '../random.ts'
import { anyAddress, type Network, neighbour, subnetOf } from './networks/index.ts'
import { pickWeighted } from './pick.ts'
import type { Egress } from './tenants.ts'

export interface Where {
  /** Where it may be found. The first is its home. */
  readonly networks: readonly Network[]
  /** Called at the start of each hour, in order: addresses move. */
  advance?(hourMs: number): void
  /** The address of a visit in the hour last advanced to. Changes nothing, so that an attack can borrow it unnoticed. */
  address(random: Random, hourMs: number): string
}

/** Fixed addresses that all move at the given times, to others of the same network. */
export function fixed(random: Random, network: Network, count = 1, movesMs: readonly number[] = []): Where {
  const sets = [...movesMs, Infinity].map((untilMs) => {
    const first = anyAddress(random, network)
    const close = random.chance(0.6)
    const others = Array.from({ length: count - 1 }, () =>
      close ? neighbour(random, first, 26) : anyAddress(random, network),
    )
    return { untilMs, addresses: [first, ...others] }
  })
  return {
    networks: [network],
    address: (random, hourMs) => random.pick(sets.find(({ untilMs }) => hourMs < untilMs)?.addresses ?? []),
  }
}

export interface PoolOptions {
  readonly network: Network
  /** Machines at an hour. */
  readonly sizeAt: (hourMs: number) => number
  /** Share of machines that are replaced in an hour. */
  readonly churn: number
  /** How many subnets new machines start in; the whole region for Infinity. */
  readonly subnets: number
}

/** Machines that come and go, the oldest first. */
export function pool(random: Random, { network, sizeAt, churn, subnets }: PoolOptions): Where {
  const homes = Number.isFinite(subnets) ? Array.from({ length: subnets }, () => anyAddress(random, network)) : []
  const start = () => (homes.length > 0 ? neighbour(random, random.pick(homes), 24) : anyAddress(random, network))
  const machines = [start()]
  return {
    networks: [network],
    advance: (hourMs) => {
      const size = Math.max(1, Math.round(sizeAt(hourMs)))
      for (let leaving = random.poisson(churn * machines.length); leaving > 0; leaving--) machines.shift()
      while (machines.length > size) machines.shift()
      while (machines.length < size) machines.push(start())
    },
    address: (random) => random.pick(machines),
  }
}

/** Another address for each visit, out of all of several networks, each with its weight. */
export function anywhere(networks: readonly (readonly [Network, weight: number])[]): Where {
  return {
    networks: networks.map(([network]) => network),
    address: (random) => anyAddress(random, pickWeighted(random, networks)),
  }
}

/** A line whose address is given anew after some time, near the old one or anywhere in the network's place. */
export function line(random: Random, network: Network, keptDays: number, nearBits = 20): Where {
  const home = anyAddress(random, network)
  let ip = home
  return {
    networks: [network],
    advance: () => {
      if (random.chance(HOUR_MS / (keptDays * DAY_MS))) {
        ip = random.chance(0.7) ? neighbour(random, home, nearBits) : anyAddress(random, network)
      }
    },
    address: () => ip,
  }
}

/** A carrier's address translation: a way out that stays for some hours, out of the few that serve the region. */
export function carrier(random: Random, network: Network, keptHours: number): Where {
  const exits = Array.from({ length: 2 + random.int(12) }, () => anyAddress(random, network))
  let ip = random.pick(exits)
  return {
    networks: [network],
    advance: () => {
      if (random.chance(1 / keptHours)) {
        ip = random.chance(0.85) ? neighbour(random, random.pick(exits), 24) : anyAddress(random, network)
      }
    },
    address: () => ip,
  }
}

/** IPv6 in one /64, with a temporary address that is new each day. */
export function v6Line(random: Random, network: Network): Where {
  const subnet = subnetOf(random, random.pick(network.subnets))
  let ip = privacyAddress(random, subnet)
  return {
    networks: [network],
    advance: (hourMs) => {
      if (hourMs % DAY_MS === 0) ip = privacyAddress(random, subnet)
    },
    address: () => ip,
  }
}

/** A way out that is shared with everyone else in the company. */
export function egress(way: Egress): Where {
  return { networks: way.networks, address: (random, hourMs) => random.pick(way.addressesAt(hourMs)) }
}

/** One of several at random, each with its share. */
export function mixed(parts: readonly (readonly [where: Where, share: number])[]): Where {
  return {
    networks: parts.flatMap(([where]) => where.networks),
    advance: (hourMs) => parts.forEach(([where]) => where.advance?.(hourMs)),
    address: (random, hourMs) => pickWeighted(random, parts).address(random, hourMs),
  }
}

/** Which of several it is at an hour, by a schedule. */
export function scheduled(parts: readonly Where[], indexAt: (hourMs: number) => number): Where {
  return {
    networks: parts.flatMap(({ networks }) => networks),
    advance: (hourMs) => parts.forEach((where) => where.advance?.(hourMs)),
    address: (random, hourMs) => (parts[indexAt(hourMs)] as Where).address(random, hourMs),
  }
}
