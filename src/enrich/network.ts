/** The network a call came from: its class, prefix, address and, where a database names it, its operator. */
import ipaddr from 'ipaddr.js'
import type { SourceClass } from '../event.ts'
import type { AsnLookup } from './asn-lookup.ts'
import { levelOf } from './level.ts'

export interface Network {
  readonly sourceClass: SourceClass
  /** `AS16509`, else the prefix, else the text that stood in place of an address. */
  readonly network: string
  readonly networkName: string
  /** /24 or /48 in CIDR notation, '' without an address. */
  readonly prefix: string
  /** The address; of IPv6 its /64, since privacy addresses change daily within it. */
  readonly address: string
}

export const NO_NETWORK: Network = { sourceClass: 'none', network: '', networkName: '', prefix: '', address: '' }

/** Ranges by the names of ipaddr.js. Those that are missing here are public, or reserved as the default below says. */
const CLASS_BY_RANGE: Readonly<Record<string, SourceClass>> = {
  unicast: 'public',
  private: 'private',
  carrierGradeNat: 'private',
  uniqueLocal: 'private',
  // Tunnels: the address names a client on the internet.
  '6to4': 'public',
  teredo: 'public',
}

/** A call whose source is a name instead of an address: `AWS Internal`, a service's host name, or any other text. */
export function networkOfText(text: string): Network {
  return { ...NO_NETWORK, sourceClass: 'cloud-service', network: levelOf(text) }
}

/** @param ip a normalised address. */
export function networkOfAddress(ip: string, asn: AsnLookup | undefined): Network {
  const parsed = ipaddr.parse(ip)
  const sourceClass = CLASS_BY_RANGE[parsed.range()] ?? 'reserved'
  const { prefix, address } = parsed.kind() === 'ipv4' ? levelsOfV4(ip) : levelsOfV6(parsed as ipaddr.IPv6)
  const found = sourceClass === 'public' ? asn?.find(ip) : undefined
  if (!found) return { sourceClass, network: prefix, networkName: '', prefix, address }
  return { sourceClass, network: `AS${found.asn}`, networkName: found.name, prefix, address }
}

function levelsOfV4(ip: string): { readonly prefix: string; readonly address: string } {
  return { prefix: `${ip.slice(0, ip.lastIndexOf('.'))}.0/24`, address: ip }
}

function levelsOfV6(address: ipaddr.IPv6): { readonly prefix: string; readonly address: string } {
  const first = (groups: number) =>
    new ipaddr.IPv6(address.parts.map((part, index) => (index < groups ? part : 0))).toRFC5952String()
  return { prefix: `${first(3)}/48`, address: `${first(4)}/64` }
}
