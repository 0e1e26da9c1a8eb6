/** Tables of networks, from CSV and from MaxMind's format. */
import * as fc from 'fast-check'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AsnRange } from '../../src/enrich/asn-lookup.ts'
import { createRangeTable } from '../../src/enrich/asn-ranges.ts'
import { openAsnDatabase } from '../../src/enrich/asn.ts'
import { mmdb } from './mmdb.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenwatch-asn-'))
})
afterAll(async () => rm(folder, { recursive: true }))

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

describe('CSV', () => {
  test('Addresses as text and as integers, IPv4 and IPv6 mixed, names quoted or not.', async () => {
    const path = await fileOf(
      'mixed.csv',
      [
        '1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."',
        '2a00:1450::,2a00:1450:ffff:ffff:ffff:ffff:ffff:ffff,15169,"The ""Google"" LLC"',
        '16843008,16843263,AS64500,Plain, with comma',
        '# a comment',
        '',
        '42541956123769884636017138956568135816,42541956123769884636017138956568135816,64501,One address',
        '255.255.255.0,255.255.255.255,64502,The end',
        '9.0.0.0,9.255.255.255,0,Nobody',
      ].join('\r\n'),
    )
    const asn = await openAsnDatabase(path)
    expect(asn.find('1.0.0.0')).toEqual({ asn: 13335, name: 'Cloudflare, Inc.' })
    expect(asn.find('1.0.0.255')?.asn).toBe(13335)
    expect(asn.find('1.0.1.0')).toBeUndefined()
    expect(asn.find('0.0.0.0')).toBeUndefined()
    expect(asn.find('2a00:1450:4001::1')).toEqual({ asn: 15169, name: 'The "Google" LLC' })
    expect(asn.find('2a00:1451::')).toBeUndefined()
    expect(asn.find('1.1.1.9')).toEqual({ asn: 64500, name: 'Plain, with comma' })
    expect(asn.find('2001:4860:4860::8888')).toEqual({ asn: 64501, name: 'One address' })
    expect(asn.find('255.255.255.255')?.asn).toBe(64502)
    expect(asn.find('9.9.9.9')).toBeUndefined()
  })

  test('A header is passed over.', async () => {
    const asn = await openAsnDatabase(await fileOf('header.csv', 'start,end,asn,name\n1.0.0.0,1.0.0.255,1,A\n'))
    expect(asn.find('1.0.0.1')?.asn).toBe(1)
  })

  test.each([
    { it: 'Too few columns', line: '1.0.0.0,1.0.0.255', says: /expected start,end,asn,name/ },
    { it: 'No address', line: '1.0.0,1.0.0.255,1,A', says: /start: expected an address/ },
    { it: 'No end', line: '1.0.0.0,x,1,A', says: /end: expected an address/ },
    { it: 'Ends before it starts', line: '1.0.1.0,1.0.0.255,1,A', says: /no address before start/ },
    { it: 'Mixed families', line: '1.0.0.0,2001::,1,A', says: /two of IPv4 or two of IPv6/ },
    { it: 'No number', line: '1.0.0.0,1.0.0.255,Cloudflare,A', says: /asn: expected a number/ },
    { it: 'An open quote', line: '1.0.0.0,1.0.0.255,1,"A', says: /quote is not closed/ },
  ])('$it: the error names file, line and remedy.', async ({ line, says }) => {
    const path = await fileOf('bad.csv', `1.0.0.0,1.0.0.255,1,A\n${line}\n`)
    const opened = openAsnDatabase(path)
    await expect(opened).rejects.toThrow(says)
    await expect(opened).rejects.toThrow(`${path}:2: `)
    await expect(opened).rejects.toThrow(/enrich\.asnDatabase takes/)
  })

  test('An empty and a missing file say so.', async () => {
    await expect(openAsnDatabase(await fileOf('empty.csv', '\n'))).rejects.toThrow(/no range/)
    await expect(openAsnDatabase(join(folder, 'missing.csv'))).rejects.toThrow(/missing\.csv: cannot be read/)
  })
})

describe('overlapping ranges', () => {
  test('The narrowest wins, and what it leaves belongs to the wider one.', () => {
    const range = (start: number, end: number, asn: number): AsnRange => ({
      isV6: false,
      start: BigInt(start),
      end: BigInt(end),
      asn,
      name: '',
    })
    const table = createRangeTable([range(0, 255, 1), range(16, 31, 2), range(16, 19, 3), range(24, 24, 4)])
    const owners = [0, 15, 16, 19, 20, 23, 24, 25, 31, 32, 255].map((last) => table.find(`0.0.0.${last}`)?.asn)
    expect(owners).toEqual([1, 1, 3, 3, 2, 2, 4, 2, 2, 1, 1])
  })

  test('Any set of ranges answers as looking at all of them would.', () => {
    const ranges = fc.array(fc.tuple(fc.nat(40), fc.nat(20), fc.integer({ min: 1, max: 5 })), { maxLength: 12 })
    fc.assert(
      fc.property(ranges, fc.boolean(), (tuples, isV6) => {
        // Near the end of the address space, so that the last address is among them.
        const base = isV6 ? (1n << 128n) - 61n : (1n << 32n) - 61n
        const all = tuples.map(([start, length, asn]): AsnRange => ({
          isV6,
          start: base + BigInt(start),
          end: base + BigInt(start + length),
          asn,
          name: '',
        }))
        const table = createRangeTable(all)
        for (let i = 0; i <= 60; i++) {
          const address = base + BigInt(i)
          const holders = all.filter(({ start, end }) => start <= address && address <= end)
          const latest = holders.reduce<bigint>((max, { start }) => (start > max ? start : max), -1n)
          const among = holders.filter(({ start }) => start === latest)
          const end = among.reduce<bigint>((min, each) => (each.end < min ? each.end : min), 1n << 129n)
          const winners = among.filter((each) => each.end === end).map(({ asn }) => asn)
          const found = table.find(textOf(address, isV6))?.asn
          if (winners.length === 0) expect(found).toBeUndefined()
          else expect(winners).toContain(found)
        }
      }),
    )
  })
})

function textOf(address: bigint, isV6: boolean): string {
  const groups: bigint[] = []
  const [count, bits] = isV6 ? [8, 16n] : [4, 8n]
  for (let i = 0; i < count; i++) groups.unshift((address >> (BigInt(i) * bits)) & ((1n << bits) - 1n))
  return isV6 ? groups.map((group) => group.toString(16)).join(':') : groups.join('.')
}

describe('MaxMind format', () => {
  test('Records are found by the fields of GeoLite2-ASN.', async () => {
    const path = await fileOf(
      'asn.mmdb',
      mmdb('GeoLite2-ASN', [
        ['1.0.0.0', 24, { autonomous_system_number: 13335, autonomous_system_organization: 'Cloudflare' }],
      ]),
    )
    const asn = await openAsnDatabase(path)
    expect(asn.find('1.0.0.77')).toEqual({ asn: 13335, name: 'Cloudflare' })
    expect(asn.find('1.0.1.0')).toBeUndefined()
    expect(asn.find('2001:db8::1')).toBeUndefined()
  })

  test('A database of something else is refused with the remedy.', async () => {
    const path = await fileOf('city.mmdb', mmdb('GeoLite2-City', [['1.1.1.0', 24, { city: 'Sydney' }]]))
    await expect(openAsnDatabase(path)).rejects.toThrow(
      /GeoLite2-City.*autonomous_system_number.*enrich\.asnDatabase takes/,
    )
  })

  test('A damaged file is refused with the remedy.', async () => {
    await expect(openAsnDatabase(await fileOf('damaged.mmdb', 'not a database'))).rejects.toThrow(
      /damaged\.mmdb: cannot be read/,
    )
  })
})
