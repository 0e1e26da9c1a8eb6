/** Where a call came from: one address out of the many ways in which proxies and gateways write it. */
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { createMemo } from '../memo.ts'
import { holdsOwn, type TextReader } from './event-text.ts'
import { apart } from './field.ts'

export interface SourceAddress {
  /** Normalised address, '' when there was none. */
  readonly ip: string
  /** What stood there when it was no address. */
  readonly text: string
}

/** Longer text is no address list that a proxy would write. */
const LIST_CHARS_MAX = 4096

/**
 * Of a comma list, the rightmost address that is not a trusted proxy: what stands left of it was written by the
 * client. Where every address is trusted, the leftmost of them is the origin. `proxies` are addresses or CIDR ranges.
 */
export function createSourceAddressParser(proxies: readonly string[]): (text: string) => SourceAddress {
  const trusted = blockListOf(proxies)
  return function parseSourceAddress(text) {
    if (!text.includes(',')) {
      const ip = normaliseAddress(text)
      return ip === '' ? { ip, text } : { ip, text: '' }
    }
    let leftmost = ''
    for (const part of text.slice(-LIST_CHARS_MAX).split(',').reverse()) {
      const ip = normaliseAddress(part)
      if (ip === '') continue
      if (!trusted.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4')) return { ip: apart(ip), text: '' }
      leftmost = ip
    }
    return leftmost === '' ? { ip: '', text } : { ip: apart(leftmost), text: '' }
  }
}

/** Addresses as they came, and what they are normalised. A longer text is read each time. */
const KNOWN_SOURCES_MAX = 100_000
const KNOWN_SOURCE_CHARS_MAX = 64
const NO_SOURCE: SourceAddress = { ip: '', text: '' }

/** Reads an event's source; `credential` is the call's own, which must not come out. `textOf` reads the field's text. */
export function createSourceReader(
  trustedProxies: readonly string[],
  textOf: TextReader['source'],
): (value: unknown, credential: string) => SourceAddress {
  const parse = createSourceAddressParser(trustedProxies)
  const known = createMemo<SourceAddress>(KNOWN_SOURCES_MAX)
  return function readSource(value, credential) {
    const before = typeof value === 'string' && !holdsOwn(value, credential) ? known.get(value) : undefined
    if (before !== undefined) return before
    const text = textOf(value, credential)
    if (text === '') return NO_SOURCE
    const source = parse(text)
    if (source.ip !== '' && text === value && text.length <= KNOWN_SOURCE_CHARS_MAX) known.set(text, source)
    return source
  }
}

function blockListOf(proxies: readonly string[]): BlockList {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/')
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

const QUOTED = /^"(.*)"$/
const BRACKETED = /^\[([^\]]*)\](?::\d{1,5})?$/
const V4_WITH_PORT = /^(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}):\d{1,5}$/

/** Strips quotes, brackets, port and zone, unwraps v4-mapped addresses; '' for what is no address. */
export function normaliseAddress(raw: string): string {
  let text = raw.trim()
  if (isIPv4(text)) return text
  if (text.length > 128) return ''
  text = QUOTED.exec(text)?.[1] ?? text
  text = BRACKETED.exec(text)?.[1] ?? V4_WITH_PORT.exec(text)?.[1] ?? text
  if (isIPv4(text)) return text
  const zone = text.indexOf('%')
  if (zone !== -1) text = text.slice(0, zone)
  if (!isIPv6(text)) return ''
  const address = ipaddr.IPv6.parse(text)
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String()
}
