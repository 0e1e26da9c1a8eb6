/** Which token made a call, and that no credential gets past the decoder. */
import { describe, expect, test } from 'vitest'
import { createFingerprinter } from '../../src/enrich/fingerprint.ts'
import { call, KEY, testDecoder } from './decoding.ts'

const fingerprinter = createFingerprinter(KEY)
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: unknown, signature = 'c2lnbmF0dXJl') =>
  `${encoded({ alg: 'RS256' })}.${encoded(claims)}.${signature}`
const GITHUB = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a'

describe('identity', () => {
  test('A raw token becomes its fingerprint, with and without its scheme.', () => {
    const { event } = testDecoder()
    const plain = event(call({ token_id: undefined, token: 'correct-horse-battery' }))
    const scheme = event(call({ token_id: undefined, token: 'Bearer correct-horse-battery' }))
    expect(plain.tokenId).toBe(fingerprinter.fingerprint('correct-horse-battery'))
    expect(plain.tokenKind).toBe('fingerprint')
    expect(scheme.tokenId).toBe(plain.tokenId)
  })

  test('Tokens of one client share one identity, whatever their lifetime and signature.', () => {
    const { event } = testDecoder()
    const of = (token: string) => event(call({ token_id: undefined, token }))
    const first = of(jwt({ iss: 'https://idp', azp: 'ci', exp: 1 }))
    expect(first.tokenKind).toBe('jwt')
    expect(of(jwt({ iss: 'https://idp', azp: 'ci', exp: 2 }, 'b3RoZXI')).tokenId).toBe(first.tokenId)
    expect(of(jwt({ iss: 'https://idp', azp: 'cd', exp: 1 })).tokenId).not.toBe(first.tokenId)
  })

  test('The producer’s id wins over the credential and needs no key.', () => {
    const { event } = testDecoder({ fingerprinter: createFingerprinter(undefined) })
    expect(event(call({ token: 'correct-horse-battery' }))).toMatchObject({ tokenId: 'ci-deploy', tokenKind: 'opaque' })
  })

  test.each([
    { it: 'A JWT', tokenId: jwt({ iss: 'https://idp', sub: 'ci' }), kind: 'jwt' },
    { it: 'A known prefix', tokenId: GITHUB, kind: 'fingerprint' },
    { it: 'A scheme', tokenId: 'Bearer abcdef', kind: 'fingerprint' },
    { it: 'A scheme in any case', tokenId: 'basic dXNlcjpwYXNz', kind: 'fingerprint' },
  ])('$it in place of the id is fingerprinted and counted.', ({ tokenId, kind }) => {
    const { event, counted } = testDecoder()
    const decoded = event(call({ token_id: tokenId }))
    expect(decoded).toMatchObject({ tokenId: fingerprinter.fingerprint(tokenId), tokenKind: kind })
    expect(counted).toEqual(['token id fingerprinted'])
  })

  test('The credential itself sent as the id is fingerprinted.', () => {
    const { event, counted } = testDecoder()
    const token = 'correct-horse-battery'
    expect(event(call({ token, token_id: token })).tokenId).toBe(fingerprinter.fingerprint(token))
    expect(counted).toEqual(['token id fingerprinted'])
  })

  test('Without a key an id that looks like a credential is refused.', () => {
    const { deadLetter } = testDecoder({ fingerprinter: createFingerprinter(undefined) })
    const letter = deadLetter(call({ token_id: GITHUB }))
    expect(letter.reason).toBe('token-without-key')
    expect(letter.excerpt).not.toContain(GITHUB.slice(4))
  })

  test.each([
    'AKIAIOSFODNN7EXAMPLE',
    'arn:aws:iam::123456789012:role/deploy',
    '5f0c6b1e9d',
    'user@example.com',
    'tok_abc',
  ])('%s is an id, not a credential.', (tokenId) => {
    expect(testDecoder().event(call({ token_id: tokenId }))).toMatchObject({ tokenId, tokenKind: 'opaque' })
  })
})

describe('a credential that a producer also logs elsewhere', () => {
  const token = 'correct-horse-battery'
  test.each([
    'user_agent',
    'token_name',
    'tenant',
    'service',
    'region',
    'environment',
    'operation',
    'route',
    'id',
    'ip',
    'error_code',
    'method',
  ])('is masked in %s.', (field) => {
    const decoded = testDecoder().event(
      call({ token_id: undefined, token: `Bearer ${token}`, [field]: `x ${token} y` }),
    )
    expect(JSON.stringify(decoded).toLowerCase()).not.toContain(token)
  })

  test('is masked in the path.', () => {
    const decoded = testDecoder().event(call({ token_id: undefined, token, path: `/v1/tokens/${token}/rotate` }))
    expect(decoded.path).toBe('/v1/tokens/[masked]/rotate')
  })

  test('is masked wherever it has a known shape, though it is not this call’s token.', () => {
    const decoded = testDecoder().event(
      call({ user_agent: `curl -H "Authorization: token ${GITHUB}"`, token_name: jwt({ a: 1 }) }),
    )
    expect(decoded.userAgent).toBe('curl -H "Authorization: token [masked]"')
    expect(decoded.tokenName).toBe('[masked]')
  })
})
