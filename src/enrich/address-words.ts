/** Addresses as 32-bit words, most significant first: they fit into typed arrays, which a bigint does not cheaply. */
import ipaddr from 'ipaddr.js'

export const V4_WORDS = 1
export const V6_WORDS = 4

/** One word for IPv4, four for IPv6. */
export type AddressWords = Uint32Array

/** Words of the address as an integer below 2^32 or 2^128. */
export function wordsOf(address: bigint, isV6: boolean): AddressWords {
  if (!isV6) return Uint32Array.of(Number(address))
  return Uint32Array.from([96n, 64n, 32n, 0n], (shift) => Number((address >> shift) & 0xffff_ffffn))
}

/** @param ip a normalised address. */
export function parseWords(ip: string): AddressWords {
  if (!ip.includes(':')) return Uint32Array.of(v4Number(ip))
  const { parts } = ipaddr.IPv6.parse(ip)
  return Uint32Array.from(
    { length: V6_WORDS },
    (_, word) => (parts[word * 2] ?? 0) * 0x1_0000 + (parts[word * 2 + 1] ?? 0),
  )
}

/** @param ip four decimal numbers below 256. */
export function v4Number(ip: string): number {
  let value = 0
  let part = 0
  for (let at = 0; at < ip.length; at++) {
    const code = ip.charCodeAt(at)
    if (code === 46) {
      value = value * 256 + part
      part = 0
    } else part = part * 10 + code - 48
  }
  return value * 256 + part
}

/** Below 0, 0 or above 0, as address `i` of `a` comes before, is or comes after address `j` of `b`. */
export function compareWords(a: Uint32Array, i: number, b: Uint32Array, j: number, width: number): number {
  for (let word = 0; word < width; word++) {
    const difference = (a[i * width + word] as number) - (b[j * width + word] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** The next address, in place; false behind the last one of all. */
export function increment(address: AddressWords): boolean {
  for (let word = address.length - 1; word >= 0; word--) {
    const next = (address[word] as number) + 1
    address[word] = next
    if (next <= 0xffff_ffff) return true
  }
  return false
}
