/** Which network an address belongs to, by a file that the operator names. */
import { readFile } from 'node:fs/promises'
import { open as openMmdb } from 'maxmind'
import type { AsnResponse } from 'maxmind'
import { parseAsnLine } from './asn-csv.ts'
import { createPlainLineReader } from './asn-lines.ts'
import type { AsnEntry, AsnLookup } from './asn-lookup.ts'
import { addRange, createRangeTableBuilder } from './asn-ranges.ts'

/** The file is missing, damaged or of another kind; the message names it and says what to do. */
export class AsnDatabaseError extends Error {
  override readonly name = 'AsnDatabaseError'
}

const REMEDY =
  'enrich.asnDatabase takes a .mmdb with ASN data (GeoLite2-ASN, for instance) or CSV lines start,end,asn,name'

/** Reads the whole file into memory. Throws AsnDatabaseError. */
export async function openAsnDatabase(path: string): Promise<AsnLookup> {
  try {
    return path.toLowerCase().endsWith('.mmdb') ? await openMaxMind(path) : await openCsv(path)
  } catch (error) {
    if (error instanceof AsnDatabaseError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new AsnDatabaseError(`${path}: cannot be read as an ASN database (${reason}); ${REMEDY}`, { cause: error })
  }
}

/** Addresses that every table of networks knows: where none of them has an ASN, it is a table of something else. */
const PROBES = ['1.1.1.1', '8.8.8.8', '9.9.9.9', '2606:4700:4700::1111', '2001:4860:4860::8888']

async function openMaxMind(path: string): Promise<AsnLookup> {
  const reader = await openMmdb<AsnResponse>(path)
  const find = (ip: string): AsnEntry | undefined => {
    // An IPv4-only tree cannot be asked for IPv6.
    if (reader.metadata.ipVersion === 4 && ip.includes(':')) return undefined
    const found: Partial<AsnResponse> | null = reader.get(ip)
    const asn = found?.autonomous_system_number
    return typeof asn === 'number' && asn > 0 ? { asn, name: found?.autonomous_system_organization ?? '' } : undefined
  }
  if (!/asn|isp/i.test(reader.metadata.databaseType) && !PROBES.some((ip) => find(ip)))
    throw new AsnDatabaseError(
      `${path}: a database of type ${JSON.stringify(reader.metadata.databaseType)} without autonomous_system_number; ${REMEDY}`,
    )
  return { find }
}

async function openCsv(path: string): Promise<AsnLookup> {
  const bytes = await readFile(path)
  const table = createRangeTableBuilder()
  const readPlainLine = createPlainLineReader(bytes, table.ownerOf)
  let number = 0
  let ranges = 0
  for (let from = 0; from < bytes.length;) {
    number++
    const plain = readPlainLine(from)
    if (plain) {
      table.add(plain.start, plain.end, plain.owner)
      ranges++
      from = plain.next
      continue
    }
    const newline = bytes.indexOf('\n', from)
    const next = newline === -1 ? bytes.length : newline + 1
    const parsed = parseAsnLine(bytes.toString('utf8', from, next), number === 1)
    if (typeof parsed === 'string') throw new AsnDatabaseError(`${path}:${number}: ${parsed}; ${REMEDY}`)
    if (parsed) {
      addRange(table, parsed)
      ranges++
    }
    from = next
  }
  if (ranges === 0) throw new AsnDatabaseError(`${path}: no range in it; ${REMEDY}`)
  return table.build()
}
