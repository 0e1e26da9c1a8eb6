/** Ids of credentials. */
import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createFingerprinter } from '../../src/enrich/fingerprint.ts'
import { Secret } from '../../src/secret.ts'

const KEY = 'a key that only tests know'
const fingerprinter = createFingerprinter(new Secret(KEY))
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: unknown) => `${encoded({ alg: 'none' })}.${encoded(claims)}.`

test('The id is the first 26 characters of base32 of the keyed hash.', () => {
  const bits = [...createHmac('sha256', KEY).update('sesame').digest()]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  const letters = (bits.match(/.{5}/g) ?? []).map((five) =>
    'abcdefghijklmnopqrstuvwxyz234567'.charAt(Number.parseInt(five, 2)),
  )
  expect(fingerprinter.fingerprint('sesame')).toBe(`tok_${letters.join('').slice(0, 26)}`)
})

test.each(['Bearer sesame', 'bearer  sesame', 'Basic sesame', 'BASIC sesame', ' sesame '])(
  '%j has the id of its credential.',
  (text) => {
    expect(fingerprinter.identify(text)).toEqual({
      tokenId: fingerprinter.fingerprint('sesame'),
      tokenKind: 'fingerprint',
    })
  },
)

test('Another key gives other ids, and another key id.', () => {
  const other = createFingerprinter(new Secret('another key of the tests'))
  expect(other.fingerprint('sesame')).not.toBe(fingerprinter.fingerprint('sesame'))
  expect(other.keyId).not.toBe(fingerprinter.keyId)
  expect(fingerprinter.keyId).toMatch(/^[0-9a-f]{8}$/)
})

test('Without a key there is neither id nor key id.', () => {
  const none = createFingerprinter(undefined)
  expect([none.keyId, none.identify('sesame'), none.fingerprint('sesame')]).toEqual(['', undefined, undefined])
})

test('What a full memo has forgotten gets the same id again.', () => {
  const small = createFingerprinter(new Secret(KEY), 2)
  const texts = Array.from({ length: 50 }, (_, i) => `token number ${i}`)
  const ids = texts.map((text) => small.fingerprint(text))
  expect(texts.map((text) => small.fingerprint(text))).toEqual(ids)
  expect(new Set(ids).size).toBe(50)
})

describe('a JWT', () => {
  const idOf = (claims: unknown) => fingerprinter.identify(jwt(claims))

  test('is known by its issuer and client_id, else azp, else sub.', () => {
    const byClient = idOf({ iss: 'i', client_id: 'c', azp: 'a', sub: 's' })
    expect(byClient?.tokenKind).toBe('jwt')
    expect(idOf({ iss: 'i', client_id: 'c', sub: 'other', exp: 5 })).toEqual(byClient)
    expect(idOf({ iss: 'i', azp: 'c' })).toEqual(byClient)
    expect(idOf({ iss: 'i', sub: 'c' })).toEqual(byClient)
    expect(idOf({ iss: 'j', sub: 'c' })).not.toEqual(byClient)
  })

  test('cannot pass for another by moving characters between issuer and subject.', () => {
    expect(idOf({ iss: 'a', sub: 'b:c' })).not.toEqual(idOf({ iss: 'a:b', sub: 'c' }))
  })

  test.each([{ sub: 's' }, { iss: 'i' }, { iss: '', sub: 's' }, { iss: 1, sub: 's' }, [], null, 'text'])(
    'with the claims %j is a credential like any other.',
    (claims) => {
      expect(idOf(claims)?.tokenKind).toBe('fingerprint')
    },
  )

  test.each([
    'eyJhbGciOiJub25lIn0.!!!.x',
    'a.b.c',
    'eyJhbGciOiJub25lIn0..',
    'eyJhbGciOiJub25lIn0.eyJ.x.y',
    `${'e'.repeat(20_000)}.e.e`,
  ])('that is none (%#) is a credential like any other.', (text) => {
    expect(fingerprinter.identify(text)?.tokenKind).toBe('fingerprint')
  })
})
