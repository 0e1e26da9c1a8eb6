/** The customers of the platform: where they sit, which networks they leave by, which services they use. */
import { DAY_MS } from '../../settings.ts'
import type { Random } from '../random.ts'
import { type Zone, ZONES_BY_COUNTRY } from './calendar.ts'
import { anyAddress, type Network, neighbour, networksOf } from './networks/index.ts'
import { pickSome } from './pick.ts'
import type { Service } from './services.ts'

export interface Tenant {
  readonly name: string
  readonly country: string
  readonly zone: Zone
  readonly services: readonly Service[]
  /** Share of the estate's tokens, in any unit. */
  readonly weight: number
  /** The regions of clouds that its servers run in, the main one first. */
  readonly clouds: readonly Network[]
  readonly office: Egress
  /** Some of its machines stand behind the office's line. */
  readonly isOnPremises: boolean
  /** A way out of the main cloud, and the share of machines that use it. */
  readonly gateway: Egress
  readonly gatewayShare: number
  /** What a corporate VPN lets out by; the office itself where it is tunnelled home. */
  readonly vpn: Egress
}

/** A way out that many share. It may move to another network once, for everybody at the same moment. */
export interface Egress {
  readonly networks: readonly Network[]
  addressesAt(timeMs: number): readonly string[]
}

export interface TenantsOptions {
  readonly count: number
  readonly services: readonly Service[]
  readonly countries: readonly string[]
  /** Share of tenants whose egress moves in the simulated time. */
  readonly movingShare: number
  readonly startMs: number
  readonly days: number
}

const NAMES =
  'acme northwind globex initech umbra wayfarer hooli stark-foods tyrell cyberdyne soylent vandelay oscorp aperture ' +
  'contoso fabrikam tailspin lumon massive pied-piper bluth dunder gringotts monarch sirius weyland nakatomi duff'

export function createTenants(random: Random, options: TenantsOptions): readonly Tenant[] {
  const names = NAMES.split(' ')
  return Array.from({ length: Math.min(options.count, names.length) }, () => {
    const name = names.splice(random.int(names.length), 1)[0] as string
    const country = random.pick(options.countries)
    const line = officeNetwork(random, country)
    const elsewhere = officeNetwork(random, country)
    const moves = random.chance(options.movingShare)
    const movesMs = moves ? options.startMs + (options.days * random.between(0.15, 0.9) + 0.3) * DAY_MS : Infinity
    const office = createEgress(random, line, elsewhere, movesMs)
    const clouds = pickSome(random, cloudsNear(random, country), 1 + random.int(3))
    return {
      name,
      country,
      zone: random.pick(ZONES_BY_COUNTRY[country] as readonly Zone[]),
      services: pickSome(random, options.services, 1 + random.int(4)),
      weight: Math.exp(0.8 * random.normal()),
      clouds,
      office,
      isOnPremises: random.chance(0.25),
      gateway: createEgress(random, clouds[0] as Network, clouds[0] as Network, Infinity),
      gatewayShare: random.chance(0.5) ? random.between(0, 0.7) : 0,
      vpn: random.chance(0.5) ? office : createEgress(random, securityGateway(random, country), line, Infinity),
    }
  })
}

function createEgress(random: Random, before: Network, after: Network, movesMs: number): Egress {
  const addresses = (network: Network) => {
    const first = anyAddress(random, network)
    return [first, ...Array.from({ length: random.int(4) }, () => neighbour(random, first, 28))]
  }
  const [old, young] = [addresses(before), addresses(after)]
  return {
    networks: movesMs === Infinity ? [before] : [before, after],
    addressesAt: (timeMs) => (timeMs < movesMs ? old : young),
  }
}

function officeNetwork(random: Random, country: string): Network {
  const lines = networksOf('business', country)
  return random.pick(lines.length > 0 ? lines : networksOf('fixed', country))
}

/** A security gateway as a service, or a machine in a cloud. */
function securityGateway(random: Random, country: string): Network {
  const gateways = networksOf('vpn').filter(({ operator }) => ['zscaler', 'netskope', 'cloudflare'].includes(operator))
  const near = gateways.filter((network) => network.country === country)
  return random.pick(near.length > 0 && random.chance(0.6) ? near : cloudsNear(random, country))
}

const CLOUDS = [
  'aws',
  'aws',
  'azure',
  'google',
  'oracle',
  'hetzner',
  'ovh',
  'digitalocean',
  'linode',
  'scaleway',
  'ionos',
]
const NEAR: Readonly<Record<string, readonly string[]>> = {
  IE: ['GB', 'NL', 'DE'],
  PT: ['IE', 'FR', 'GB'],
  ES: ['IE', 'FR', 'DE'],
  IT: ['DE', 'FR', 'IE'],
  CA: ['US'],
  BR: ['US'],
  IN: ['SG', 'US'],
}

/** Regions of clouds at home, else nearby; now and then far away, as cheap or old installations are. */
function cloudsNear(random: Random, country: string): readonly Network[] {
  const inCountries = (countries: readonly string[]) =>
    networksOf('hosting').filter((network) => CLOUDS.includes(network.operator) && countries.includes(network.country))
  const home = inCountries([country])
  if (home.length > 0 && random.chance(0.7)) return home
  const near = inCountries(NEAR[country] ?? ['DE', 'IE', 'NL', 'US'])
  return random.chance(0.85) ? near : inCountries(['US', 'SG', 'JP'])
}
