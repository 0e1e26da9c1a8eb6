/** Which network an address belongs to, by a file that the operator names. */
import { open } from 'node:fs/promises'
import { open as openMmdb } from 'maxmind'
import type { AsnResponse } from 'maxmind'
import { createRangeTable } from './asn-ranges.ts'
import { parseAsnLine } from './asn-csv.ts'
import type { AsnEntry, AsnLookup, AsnRange } from './asn-lookup.ts'

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
  const ranges: AsnRange[] = []
  await using file = await open(path)
  let line = 0
  for await (const text of file.readLines({ encoding: 'utf8' })) {
    line++
    const parsed = parseAsnLine(text, line === 1)
    if (parsed === undefined) continue
    if (typeof parsed === 'string') throw new AsnDatabaseError(`${path}:${line}: ${parsed}; ${REMEDY}`)
    ranges.push(parsed)
  }
  if (ranges.length === 0) throw new AsnDatabaseError(`${path}: no range in it; ${REMEDY}`)
  return createRangeTable(ranges)
}
