/** One line of a table of networks: `start,end,asn,name`, with addresses as text or as integers. */
import { isIPv4, isIPv6 } from 'node:net'
import type { AsnRange } from './asn-lookup.ts'
import { parseWords, v4Number } from './address-words.ts'

const V4_MAX = 0xffff_ffffn

/** undefined for a blank line, a comment or the header; a text says what is wrong with the line. */
export function parseAsnLine(line: string, isFirst: boolean): AsnRange | string | undefined {
  const text = (isFirst ? line.replace(/^\ufeff/, '') : line).trim()
  if (text === '' || text.startsWith('#')) return undefined
  const columns = text.includes('"') ? quotedColumns(text) : plainColumns(text)
  if (columns === undefined) return 'a quote is not closed'
  const [start = '', end = '', asn = '', name = ''] = columns
  if (isFirst && /^[A-Za-z_ ]+$/.test(start)) return undefined
  if (columns.length < 3) return `expected start,end,asn,name, got ${columns.length} of them`
  const from = parseAddress(start)
  if (from === undefined) return 'start: expected an address or its integer'
  const to = parseAddress(end)
  if (to === undefined) return 'end: expected an address or its integer'
  if (from.isV6 !== to.isV6) return 'start and end: expected two of IPv4 or two of IPv6'
  if (from.value > to.value) return 'end: expected no address before start'
  const number = /^(?:AS)?(\d{1,10})$/i.exec(asn)?.[1]
  if (number === undefined || Number(number) > 0xffff_ffff) return 'asn: expected a number such as 16509'
  return { isV6: from.isV6, start: from.value, end: to.value, asn: Number(number), name }
}

/** What follows the third comma, as a name; undefined when it is not well-formed. */
export function nameColumn(text: string): string | undefined {
  return text.includes('"') ? quotedColumns(text)?.[0] : text.trim()
}

/** Names with a comma are quoted in most files; where one is not, it is the last column anyway. */
function plainColumns(text: string): readonly string[] {
  const columns = text.split(',')
  const name = columns.slice(3).join(',')
  return (columns.length > 3 ? [...columns.slice(0, 3), name] : columns).map((column) => column.trim())
}

/** RFC 4180: a quoted column holds commas, and a doubled quote for a quote. */
function quotedColumns(text: string): readonly string[] | undefined {
  const columns: string[] = []
  const column = /\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/y
  for (;;) {
    const match = column.exec(text)
    if (!match) return undefined
    columns.push(match[1]?.replaceAll('""', '"') ?? match[2]?.trim() ?? '')
    if (match[3] === '') return columns
  }
}

/** The address as an integer. Integers above 32 bits are IPv6. */
function parseAddress(text: string): { readonly isV6: boolean; readonly value: bigint } | undefined {
  if (isIPv4(text)) return { isV6: false, value: BigInt(v4Number(text)) }
  if (isIPv6(text)) return { isV6: true, value: v6Value(text) }
  if (!/^\d{1,39}$/.test(text)) return undefined
  const value = BigInt(text)
  if (value >> 128n !== 0n) return undefined
  return { isV6: value > V4_MAX, value }
}

function v6Value(text: string): bigint {
  return parseWords(text).reduce((value, word) => (value << 32n) | BigInt(word), 0n)
}
