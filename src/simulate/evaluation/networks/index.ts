/** Real networks, by country and kind: documentation ranges have no geography and no AS number. */
import { privacyAddress } from '../../networks.ts'
import type { Random } from '../../random.ts'
import { BUSINESS } from './business.ts'
import { FIXED } from './fixed.ts'
import { HOSTING } from './hosting.ts'
import { MOBILE } from './mobile.ts'
import { V6 } from './v6.ts'
import { VPN } from './vpn.ts'

export type NetworkKind = 'hosting' | 'fixed' | 'mobile' | 'business' | 'vpn'

/**
 * Blocks of one operator in one place. Country and city are what geoip-lite 2.0.3 places there and the AS number is
 * what announced them in 2026; a test holds that. The choice says nothing about who uses them.
 */
export interface Network {
  readonly kind: NetworkKind
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  readonly asn: number
  readonly operator: string
  /** '' where geoip-lite knows the country only. */
  readonly city: string
  /** Empty for IPv6. */
  readonly blocks: readonly Block[]
  /** The first three groups of /48s, empty for IPv4. */
  readonly subnets: readonly string[]
}

/** A CIDR block of IPv4 addresses. */
interface Block {
  readonly first: number
  readonly addresses: number
}

const TABLES = { hosting: HOSTING, fixed: FIXED, mobile: MOBILE, business: BUSINESS, vpn: VPN } as const

export const NETWORKS: readonly Network[] = (Object.keys(TABLES) as NetworkKind[]).flatMap((kind) =>
  TABLES[kind].split('\n').map((line) => {
    const [head, rest] = headOf(line)
    return { kind, ...head, blocks: rest.map(blockOf), subnets: [] }
  }),
)

export const NETWORKS_V6: readonly Network[] = V6.split('\n').map((line) => {
  const [kind = '', ...rest] = line.split(' ')
  const [head, subnets] = headOf(rest.join(' '))
  return { kind: kind as NetworkKind, ...head, blocks: [], subnets }
})

function headOf(line: string): [Pick<Network, 'country' | 'asn' | 'operator' | 'city'>, string[]] {
  const [country = '', asn, operator = '', city = '', ...rest] = line.split(' ')
  return [{ country, asn: Number(asn), operator, city: city === '-' ? '' : city.replaceAll('_', ' ') }, rest]
}

/** `3.88/14` is 3.88.0.0/14. */
function blockOf(text: string): Block {
  const [address = '', bits] = text.split('/')
  const [a = 0, b = 0, c = 0] = address.split('.').map(Number)
  return { first: ((a * 256 + b) * 256 + c) * 256, addresses: 2 ** (32 - Number(bits)) }
}

/** In the order of the tables. Without a country those of all countries. */
export function networksOf(kind: NetworkKind, country?: string): readonly Network[] {
  return NETWORKS.filter((network) => network.kind === kind && (country === undefined || network.country === country))
}

/** The IPv6 side of an operator, else of any operator of that kind in the country. */
export function v6Of({ kind, country, operator }: Network): Network | undefined {
  const near = NETWORKS_V6.filter((network) => network.kind === kind && network.country === country)
  return near.find((network) => network.operator === operator) ?? near[0]
}

/** Any address of the network; a large block is as likely as its size. */
export function anyAddress(random: Random, { blocks, subnets }: Network): string {
  if (blocks.length === 0) return privacyAddress(random, subnetOf(random, random.pick(subnets)))
  const total = blocks.reduce((sum, block) => sum + block.addresses, 0)
  let at = random.int(total)
  const block = blocks.find(({ addresses }) => (at -= addresses) < 0) as Block
  return host(random, block.first + random.int(block.addresses))
}

/** Another address of the same block of 2^(32 - bits) addresses, or of the same /64. */
export function neighbour(random: Random, ip: string, bits: number): string {
  if (ip.includes(':')) return privacyAddress(random, ip.split(':', 4).join(':'))
  const [a = 0, b = 0, c = 0, d = 0] = ip.split('.').map(Number)
  const size = 2 ** (32 - bits)
  const address = ((a * 256 + b) * 256 + c) * 256 + d
  return host(random, address - (address % size) + random.int(size))
}

/** One /64 of a /48. */
export function subnetOf(random: Random, prefix: string): string {
  return `${prefix}:${(1 + random.int(0xfffe)).toString(16)}`
}

/** Neither the first nor the last address of its /24. */
function host(random: Random, address: number): string {
  const last = address % 256
  const usable = last === 0 || last === 255 ? 1 + random.int(254) : last
  return `${Math.floor(address / 16_777_216)}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${usable}`
}
