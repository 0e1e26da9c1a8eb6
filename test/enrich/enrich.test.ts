/** What enrichment adds to an event. */
import { describe, expect, test } from 'vitest'
import { createEnricher } from '../../src/enrich/enrich.ts'
import { enrichSettings } from '../../src/enrich/settings.ts'
import type { AsnLookup } from '../../src/enrich/asn-lookup.ts'
import { call, testDecoder } from '../ingest/decoding.ts'

const asn: AsnLookup = { find: (ip) => (ip.startsWith('52.95.') ? { asn: 16509, name: 'Amazon' } : undefined) }
const settings = enrichSettings.parse({})
const enrich = createEnricher(settings, asn)
const enriched = (changes: Record<string, unknown>) => enrich(testDecoder().event(call(changes)))

describe('the network', () => {
  test.each([
    {
      it: 'A public address has its ASN, prefix and address.',
      ip: '52.95.110.1',
      sourceClass: 'public',
      network: 'AS16509',
      networkName: 'Amazon',
      prefix: '52.95.110.0/24',
      address: '52.95.110.1',
    },
    {
      it: 'Without an ASN the network is the prefix.',
      ip: '8.8.8.8',
      sourceClass: 'public',
      network: '8.8.8.0/24',
      networkName: '',
      prefix: '8.8.8.0/24',
      address: '8.8.8.8',
    },
    {
      it: 'An IPv6 address collapses to its /64.',
      ip: '2a00:1450:4001:82b::200e',
      sourceClass: 'public',
      network: '2a00:1450:4001::/48',
      networkName: '',
      prefix: '2a00:1450:4001::/48',
      address: '2a00:1450:4001:82b::/64',
    },
    {
      it: 'A private address is its own class.',
      ip: '10.8.8.10',
      sourceClass: 'private',
      network: '10.8.8.0/24',
      networkName: '',
      prefix: '10.8.8.0/24',
      address: '10.8.8.10',
    },
    {
      it: 'So is a unique local one.',
      ip: 'fd12:3456:789a:1::1',
      sourceClass: 'private',
      network: 'fd12:3456:789a::/48',
      networkName: '',
      prefix: 'fd12:3456:789a::/48',
      address: 'fd12:3456:789a:1::/64',
    },
    {
      it: 'Carrier-grade NAT is private.',
      ip: '100.64.1.2',
      sourceClass: 'private',
      network: '100.64.1.0/24',
      networkName: '',
      prefix: '100.64.1.0/24',
      address: '100.64.1.2',
    },
    {
      it: 'Text in place of an address is a cloud service.',
      ip: 'AWS Internal',
      sourceClass: 'cloud-service',
      network: 'AWS Internal',
      networkName: '',
      prefix: '',
      address: '',
    },
    {
      it: 'So is a service’s host name.',
      ip: 'health.amazonaws.com',
      sourceClass: 'cloud-service',
      network: 'health.amazonaws.com',
      networkName: '',
      prefix: '',
      address: '',
    },
    {
      it: 'Nothing sent is nothing known.',
      ip: undefined,
      sourceClass: 'none',
      network: '',
      networkName: '',
      prefix: '',
      address: '',
    },
  ])('$it', ({ ip, ...row }) => {
    const { it: sentence, ...expected } = row
    expect(enriched({ ip }), sentence).toMatchObject(expected)
    // The second time from the memo.
    expect(enriched({ ip })).toMatchObject(expected)
  })

  test.each([
    '127.0.0.1',
    '169.254.1.1',
    '192.0.2.1',
    '224.0.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '240.0.0.1',
    '198.18.0.1',
    '::1',
    '::',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
  ])('%s is reserved and is nowhere.', (ip) => {
    const event = enriched({ ip })
    expect(event).toMatchObject({ sourceClass: 'reserved', country: '', place: '', networkName: '' })
    expect(event.network).toBe(event.prefix)
  })
})

describe('the place', () => {
  test.each(['54.93.10.2', '2a00:1450:4001:82b::200e'])('%s is in Frankfurt.', (ip) => {
    expect(enriched({ ip })).toMatchObject({
      country: 'DE',
      geoRegion: 'HE',
      city: 'Frankfurt am Main',
      place: 'DE|HE|Frankfurt am Main|50.1,8.7',
    })
  })

  test('Of some addresses the country alone is known, and its chain has empty levels.', () => {
    expect(enriched({ ip: '8.8.8.8' })).toMatchObject({
      country: 'US',
      geoRegion: '',
      city: '',
      place: 'US|||37.8,-97.8',
    })
  })
})

test('Route and agent are added.', () => {
  expect(enriched({ path: '/v1/orders/77', user_agent: 'curl/8.5.0' })).toMatchObject({
    route: '/v1/orders/{id}',
    agent: 'curl',
    agentVersion: '8.5',
  })
})

test('No level of a chain holds the separator.', () => {
  const hostile = 'a|b|c'
  const event = enriched({
    service: hostile,
    method: hostile,
    route: hostile,
    operation: hostile,
    user_agent: hostile,
    ip: hostile,
  })
  expect([event.service, event.method, event.route, event.agent, event.network]).toEqual([
    'a¦b¦c',
    'A¦B¦C',
    'a¦b¦c',
    'a¦b¦c',
    'a¦b¦c',
  ])
  expect(event.sourceText).toBe(hostile)
})

test('Everything that was decoded stays, and the event id with it.', () => {
  const decoded = testDecoder().event(call({ tenant: 'a|b' }))
  expect(enrich(decoded)).toMatchObject({ ...decoded })
})

test('A full memo answers like an empty one.', () => {
  const small = createEnricher({ addressMemoEntriesMax: 1, agentMemoEntriesMax: 1 }, asn)
  for (const ip of ['52.95.110.1', '8.8.8.8', '52.95.110.1', '10.0.0.1', '8.8.8.8']) {
    const event = testDecoder().event(call({ ip, user_agent: `agent/${ip}` }))
    expect(small(event)).toEqual(enrich(event))
  }
})

describe('settings', () => {
  test('A short key is refused, and never printed.', () => {
    const { error } = enrichSettings.safeParse({ fingerprintKey: 'short' })
    expect(error?.issues[0]?.path).toEqual(['fingerprintKey'])
    expect(JSON.stringify(error)).not.toContain('short')
    expect(JSON.stringify(enrichSettings.parse({ fingerprintKey: 'a key that is long enough' }))).toContain(
      '[redacted]',
    )
  })

  test.each(['10.0.0.0/33', '10.0.0', 'proxy.example.com', '2001:db8::/129'])('%s is no proxy.', (proxy) => {
    expect(enrichSettings.safeParse({ trustedProxies: [proxy] }).success).toBe(false)
  })

  test.each(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '2001:db8::1'])('%s is one.', (proxy) => {
    expect(enrichSettings.parse({ trustedProxies: [proxy] }).trustedProxies).toEqual([proxy])
  })
})
