/** The evaluation's addresses are where its tables say, in the data that tokenwatch itself looks them up in. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as GeoIp from 'geoip-lite'
import { beforeAll, describe, expect, it } from 'vitest'
import { openAsnDatabase } from '../../../src/enrich/asn.ts'
import type { AsnLookup } from '../../../src/enrich/asn-lookup.ts'
import {
  anyAddress,
  neighbour,
  type Network,
  NETWORKS,
  NETWORKS_V6,
  networksOf,
} from '../../../src/simulate/evaluation/networks/index.ts'
import { ZONES_BY_COUNTRY } from '../../../src/simulate/evaluation/calendar.ts'
import { createRandom } from '../../../src/simulate/random.ts'

const require = createRequire(import.meta.url)
const { lookup } = require('geoip-lite') as typeof GeoIp
const ADDRESSES = 40

/** Both families of the npm copy of ip-location-db's ASN data. */
async function openAsnData(): Promise<AsnLookup> {
  const folder = await mkdtemp(join(tmpdir(), 'tokenwatch-asn-'))
  const names = ['asn-ipv4.csv', 'asn-ipv6.csv'].map((name) => require.resolve(`@ip-location-db/asn/${name}`))
  const tables = await Promise.all(names.map((name) => readFile(name, 'utf8')))
  await writeFile(join(folder, 'asn.csv'), tables.join(''))
  const asns = await openAsnDatabase(join(folder, 'asn.csv'))
  await rm(folder, { recursive: true })
  return asns
}

describe('networks', () => {
  let asns: AsnLookup
  beforeAll(async () => {
    asns = await openAsnData()
  }, 60_000)

  it.each([
    ['IPv4', NETWORKS],
    ['IPv6', NETWORKS_V6],
  ])('of %s lie in their country and are announced by their AS', (_, networks: readonly Network[]) => {
    const wrong = networks.flatMap((network) => {
      const random = createRandom('networks', network.asn, network.city)
      return Array.from({ length: ADDRESSES }, () => anyAddress(random, network)).flatMap((ip) => {
        const seen = { country: lookup(ip)?.country, asn: asns.find(ip)?.asn }
        const isRight = seen.country === network.country && seen.asn === network.asn
        return isRight ? [] : [{ ip, operator: network.operator, country: network.country, asn: network.asn, seen }]
      })
    })
    expect(wrong).toEqual([])
  })

  it('lie in their city where they name one', () => {
    const wrong = NETWORKS.filter(({ city }) => city !== '').flatMap((network) => {
      const ip = anyAddress(createRandom('city', network.asn, network.city), network)
      return lookup(ip)?.city === network.city ? [] : [{ ip, city: network.city, seen: lookup(ip)?.city }]
    })
    expect(wrong).toEqual([])
  })

  it('serve homes, telephones and companies in every country that tenants sit in', () => {
    for (const country of Object.keys(ZONES_BY_COUNTRY)) {
      expect(networksOf('fixed', country).length, country).toBeGreaterThan(0)
      expect(networksOf('mobile', country).length, country).toBeGreaterThan(0)
    }
    expect(new Set(NETWORKS.map(({ asn }) => asn)).size).toBeGreaterThan(150)
  })

  it('have neighbours in the same block, and never the first or last address of a /24', () => {
    const random = createRandom('neighbours')
    for (let draw = 0; draw < 2_000; draw++) {
      expect(neighbour(random, '203.0.113.7', 24)).toMatch(/^203\.0\.113\.(?!0$|255$)\d+$/)
      expect(neighbour(random, '203.0.113.7', 20)).toMatch(/^203\.0\.(11[2-9]|12[0-7])\./)
    }
    expect(neighbour(random, '2001:db8:1:2:3:4:5:6', 24)).toMatch(/^2001:db8:1:2:/)
  })
})
