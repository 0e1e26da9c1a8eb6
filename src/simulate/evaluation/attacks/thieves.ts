/** Where thieves call from and what they call with. */
import type { Random } from '../../random.ts'
import type { Source } from '../client.ts'
import { anyAddress, type Network, neighbour, networksOf } from '../networks/index.ts'
import { pickSome } from '../pick.ts'
import { spread, type Victim } from './scenario.ts'

export type Disguise = (hourMs: number) => Source

const TOOLS: readonly string[] = [
  'curl/8.5.0',
  'curl/7.88.1',
  'python-requests/2.28.1',
  'python-requests/2.31.0',
  'python-httpx/0.27.0',
  'Python-urllib/3.11',
  'aiohttp/3.9.5',
  'Go-http-client/1.1',
  'Go-http-client/2.0',
  'okhttp/4.9.3',
  'axios/1.7.2',
  'node',
  'undici',
  'PostmanRuntime/7.39.0',
  'insomnia/9.3.2',
  'Wget/1.21.4',
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'Mozilla/5.0 (compatible; Nuclei/3.3; +https://nuclei.projectdiscovery.io)',
  'ffuf/2.1.0',
  'TruffleHog',
  '',
]

export interface DisguiseOptions {
  /** Networks to choose one from; the victim's own place where there are none. */
  readonly networks: readonly Network[]
  /** Chance that the victim's agent is copied. */
  readonly copyShare: number
  /** How many addresses are used in turn. */
  readonly addresses?: number
}

/** One thief: a place and a tool for the whole attack. */
export function disguise(
  random: Random,
  victim: Victim,
  { networks, copyShare, addresses }: DisguiseOptions,
): Disguise {
  const copies = random.chance(copyShare)
  const tool = random.pick(TOOLS)
  const usesProxies = addresses === undefined && random.chance(0.12)
  const places = pickSome(random, networks, usesProxies ? 2 + random.int(10) : 1)
  const ips = places.flatMap((network) => {
    const first = anyAddress(random, network)
    const wanted = addresses ?? (random.chance(0.75) ? 1 : 2 + random.int(4))
    return [first, ...Array.from({ length: wanted - 1 }, () => anotherAddress(random, network, first))]
  })
  return (hourMs) => {
    const own = victim.source(random, hourMs)
    return { ip: ips.length === 0 ? own.ip : random.pick(ips), userAgent: copies ? own.userAgent : tool }
  }
}

function anotherAddress(random: Random, network: Network, ip: string): string {
  return random.chance(0.5) ? neighbour(random, ip, 24) : anyAddress(random, network)
}

/** Places of the victim itself. */
export function ownPlace(random: Random, victim: Victim, copyShare = 1): Disguise {
  return disguise(random, victim, { networks: [], copyShare })
}

/** Hosting and VPN networks in countries in which the victim never is. */
export function hostingAbroad(victim: Victim): readonly Network[] {
  const known = countriesOf(victim)
  return [...networksOf('hosting'), ...networksOf('vpn')].filter(({ country }) => !known.has(country))
}

/** Lines to homes in the victim's own country, by operators that it never uses. */
export function homesNearby(victim: Victim): readonly Network[] {
  const operators = operatorsOf(victim)
  return networksOf('fixed', homeOf(victim).country).filter(({ asn }) => !operators.has(asn))
}

/** The victim's own cloud and region. */
export function sameCloud(victim: Victim): readonly Network[] {
  const { kind, country, asn, city } = homeOf(victim)
  if (kind !== 'hosting') return []
  return networksOf('hosting', country).filter((network) => network.asn === asn && network.city === city)
}

/** Any network of the victim's country that it never uses. */
export function elsewhereAtHome(victim: Victim): readonly Network[] {
  const operators = operatorsOf(victim)
  const kinds = ['fixed', 'mobile', 'hosting', 'business'] as const
  return kinds.flatMap((kind) => networksOf(kind, homeOf(victim).country)).filter(({ asn }) => !operators.has(asn))
}

/** Lines on other continents. */
export function farAway(victim: Victim): readonly Network[] {
  const known = new Set([...countriesOf(victim)].map(continentOf))
  return [...networksOf('fixed'), ...networksOf('mobile')].filter(({ country }) => !known.has(continentOf(country)))
}

/** Any of the above. */
export function anywhereElse(random: Random, victim: Victim): readonly Network[] {
  const choices = [
    hostingAbroad(victim),
    hostingAbroad(victim),
    homesNearby(victim),
    farAway(victim),
    elsewhereAtHome(victim),
  ]
  return random.pick(choices.filter((networks) => networks.length > 0))
}

/** How long a thief takes and how many calls: from one quick grab to a slow day. */
export function haul(random: Random, beginMs: number, countMin: number, countMax: number) {
  return { beginMs, durationMs: spread(random, 4, 400) * 60_000, count: Math.round(spread(random, countMin, countMax)) }
}

export function homeOf(victim: Victim): Network {
  return victim.habit.where.networks[0] as Network
}

function countriesOf(victim: Victim): ReadonlySet<string> {
  return new Set(victim.habit.where.networks.map(({ country }) => country))
}

function operatorsOf(victim: Victim): ReadonlySet<number> {
  return new Set(victim.habit.where.networks.map(({ asn }) => asn))
}

const CONTINENTS = {
  america: 'US CA MX BR AR CL CO',
  europe: 'GB IE PT DE FR ES IT NL BE CH AT SE NO DK PL CZ FI RO GR HU UA BG LT MD RU TR IL EG',
  africa: 'ZA NG KE',
  asia: 'IN SG JP KR MY ID PH TH VN CN HK TW AE',
  oceania: 'AU NZ',
}

const CONTINENT_OF = new Map(
  Object.entries(CONTINENTS).flatMap(([name, countries]) => countries.split(' ').map((country) => [country, name])),
)

function continentOf(country: string): string {
  return CONTINENT_OF.get(country) ?? country
}
