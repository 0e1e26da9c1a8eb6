/** The simulator's addresses are where its constants say, in the data that tokenwatch itself looks them up in. */
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import geoip from 'geoip-lite'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEstate } from '../../src/simulate/estate.ts'
import { NETWORKS } from '../../src/simulate/networks.ts'
import { simulate, SIMULATION_DEFAULTS } from '../../src/simulate/simulation.ts'

const require = createRequire(import.meta.url)
const networks = Object.entries(NETWORKS)
const isV6 = (prefix: string) => prefix.includes(':')

describe('networks', () => {
  it.each(networks)('%s lies in its country and city', (_, { country, city, prefixes }) => {
    for (const prefix of prefixes) {
      const hosts = isV6(prefix) ? ['::1', ':1::beef', ':ff:1:2:3:4'] : ['.1', '.77', '.128', '.254']
      for (const host of hosts) {
        const place = geoip.lookup(prefix + host)
        expect({ ip: prefix + host, country: place?.country, city: place?.city }).toEqual({
          ip: prefix + host,
          country,
          city,
        })
      }
    }
  })

  describe('by the routing table of the evaluation data', () => {
    const announced = new Map<string, number>()
    beforeAll(async () => {
      const wanted = networks.flatMap(([, { prefixes }]) => prefixes).filter((prefix) => !isV6(prefix))
      const starts = wanted.map((prefix) => [ipv4Number(`${prefix}.0`), prefix] as const).sort(([a], [b]) => a - b)
      const file = require.resolve('@ip-location-db/asn/asn-ipv4-num.csv')
      for await (const line of createInterface({ input: createReadStream(file) })) {
        const [start, end, asn] = line.split(',', 3).map(Number)
        while (starts[0] !== undefined && starts[0][0] <= (end ?? 0)) {
          const [at, prefix] = starts.shift() as (typeof starts)[number]
          if (at >= (start ?? 0)) announced.set(prefix, asn ?? 0)
        }
      }
    })

    it.each(networks)('%s is announced by its AS', (_, { asn, prefixes }) => {
      for (const prefix of prefixes.filter((prefix) => !isV6(prefix))) expect(announced.get(prefix), prefix).toBe(asn)
    })
  })

  it('are enough: clients of several countries and many networks', () => {
    const clients = createEstate(SIMULATION_DEFAULTS)
    expect(new Set(clients.flatMap(({ networks }) => networks.map(({ country }) => country))).size).toBeGreaterThan(8)
    expect(new Set(clients.flatMap(({ networks }) => networks.map(({ asn }) => asn))).size).toBeGreaterThan(15)
  })
})

describe('addresses of events', () => {
  it('lie in a country of their client, or outside all of them for a theft', () => {
    const countries = new Map(
      createEstate(SIMULATION_DEFAULTS).map(({ token, networks }) => [
        token.token_id,
        new Set(networks.map(({ country }) => country)),
      ]),
    )
    const seen = new Map<string, string>()
    for (const { event, label } of simulate({ ...SIMULATION_DEFAULTS, days: 24 })) {
      const country = seen.get(event.ip) ?? geoip.lookup(event.ip)?.country ?? ''
      seen.set(event.ip, country)
      const own = countries.get(event.token_id)?.has(country) ?? false
      if (label === undefined && !own) throw new Error(`${event.token_name} calls from ${event.ip} in ${country}`)
      if (label?.attack === 'stolen-token' && own) throw new Error(`theft of ${event.token_name} from ${country}`)
    }
    expect(seen.size).toBeGreaterThan(500)
  })
})

function ipv4Number(ip: string): number {
  return ip.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}
