/** One address out of what proxies and gateways write. */
import * as fc from 'fast-check'
import { isIP } from 'node:net'
import { expect, test } from 'vitest'
import { createSourceAddressParser, normaliseAddress } from '../../src/ingest/source-address.ts'

test.each([
  ['203.0.113.9', '203.0.113.9'],
  [' 203.0.113.9 ', '203.0.113.9'],
  ['203.0.113.9:51234', '203.0.113.9'],
  ['"203.0.113.9:51234"', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['::FFFF:CB00:7109', '203.0.113.9'],
  ['[::ffff:203.0.113.9]:443', '203.0.113.9'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:8443', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%25en0]:80', 'fe80::1'],
])('%s is %s.', (raw, ip) => {
  expect(normaliseAddress(raw)).toBe(ip)
})

test.each([
  'AWS Internal',
  'ec2.amazonaws.com',
  '1.2.3',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4/24',
  'localhost',
  '::g',
  '[::1',
  '12345',
  'x'.repeat(10_000),
])('%s is no address.', (raw) => {
  expect(normaliseAddress(raw)).toBe('')
})

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '2001:db8:ffff::/48']
test.each([
  { it: 'Without trusted proxies the rightmost counts.', proxies: [], list: '198.51.100.1, 10.1.1.1', ip: '10.1.1.1' },
  {
    it: 'Trusted proxies are passed over from the right.',
    proxies: PROXIES,
    list: '203.0.113.5, 198.51.100.1, 192.0.2.7, 10.1.1.1',
    ip: '198.51.100.1',
  },
  {
    it: 'What the client wrote to the left never counts.',
    proxies: PROXIES,
    list: '8.8.8.8,198.51.100.1,10.0.0.1',
    ip: '198.51.100.1',
  },
  {
    it: 'IPv6 proxies and ports are understood.',
    proxies: PROXIES,
    list: '198.51.100.1:5000, [2001:db8:ffff::1]:80',
    ip: '198.51.100.1',
  },
  {
    it: 'Where all are trusted the leftmost is the origin.',
    proxies: PROXIES,
    list: '10.0.0.9, 10.0.0.1',
    ip: '10.0.0.9',
  },
  {
    it: 'Words in a list are passed over.',
    proxies: PROXIES,
    list: 'unknown, 198.51.100.1, unknown',
    ip: '198.51.100.1',
  },
  { it: 'A list is split by any comma.', proxies: [], list: ',,198.51.100.1,', ip: '198.51.100.1' },
])('$it', ({ proxies, list, ip }) => {
  expect(createSourceAddressParser(proxies)(list)).toEqual({ ip, text: '' })
})

test('A single address counts though it is a trusted proxy.', () => {
  expect(createSourceAddressParser(PROXIES)('10.1.1.1').ip).toBe('10.1.1.1')
})

test('A list without an address is text.', () => {
  expect(createSourceAddressParser([])('unknown, _hidden')).toEqual({ ip: '', text: 'unknown, _hidden' })
})

test('Any text gives an address or itself.', () => {
  const parse = createSourceAddressParser(PROXIES)
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.array(fc.oneof(fc.ipV4(), fc.ipV6())).map(String)),
      (raw) => {
        const { ip, text } = parse(raw)
        if (ip === '') expect(text).toBe(raw)
        else {
          expect(isIP(ip)).toBeGreaterThan(0)
          expect(parse(ip).ip).toBe(ip)
        }
      },
    ),
  )
})
