/** What may be shown of a refused record. */
import { expect, test } from 'vitest'
import { excerptOf } from '../../src/ingest/excerpt.ts'

test.each([
  {
    it: 'What stands under a secret’s key is masked, whatever it is.',
    value: { token: 'abc', password: 12345, cookie: ['a'], n: 1 },
    text: '{"token":"[masked]","password":"[masked]","cookie":"[masked]","n":1}',
  },
  {
    it: 'Keys are found in any case and spelling.',
    value: { Authorization: 'x1', 'X-Api-Key': 'x2', clientSecret: 'x3', sessionId: 'x4' },
    text: '{"Authorization":"[masked]","X-Api-Key":"[masked]","clientSecret":"[masked]","sessionId":"[masked]"}',
  },
  {
    it: 'Ids and names of tokens stay, as does what is absent.',
    value: { token_id: 'ci', token_name: 'CI', token: null },
    text: '{"token_id":"ci","token_name":"CI","token":null}',
  },
  {
    it: 'A masked text is masked wherever it comes again.',
    value: { note: 'uses s3cr3t!', token: 'Bearer s3cr3t!' },
    text: '{"note":"uses [masked]","token":"[masked]"}',
  },
  {
    it: 'Known shapes are masked in any text and key.',
    value: { a: 'Bearer abcdef123456', 'xoxb-1234567890-abc': 'https://u:p4ssw0rd@host/x' },
    text: '{"a":"[masked]","[masked]":"https://[masked]host/x"}',
  },
  {
    it: 'Assignments within text are masked.',
    value: { line: 'GET /x?api_key=abcd1234&n=1 password: hunter22' },
    text: '{"line":"GET /x?api_key=[masked]&n=1 password: [masked]"}',
  },
  {
    it: 'JSON within text is masked.',
    value: { message: '{"token":"hunter22"' },
    text: '{"message":"{\\"token\\":\\"[masked]\\""}',
  },
  {
    it: 'Long random text and hashes are masked, UUIDs and words stay.',
    value: [
      'Xa9Kq2Lm7Zp4Rt8Vw1Yc6Bn3',
      '5f4dcc3b5aa765d61d8327deb882cf99',
      '0b0e8a4c-1f2d-4e3b-9c4d-5a6b7c8d9e0f',
      '/v1/customers/12345/orders',
    ],
    text: '["[masked]","[masked]","0b0e8a4c-1f2d-4e3b-9c4d-5a6b7c8d9e0f","/v1/customers/12345/orders"]',
  },
  {
    it: 'A key of a private key is masked.',
    value: { k: '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----' },
    text: '{"k":"[masked]"}',
  },
  { it: 'What is no object or list shows nothing.', value: 'hunter22', text: '' },
])('$it', ({ value, text }) => {
  expect(excerptOf(value)).toBe(text)
})

test('It is cut at 4 KiB, between characters.', () => {
  const excerpt = excerptOf({ a: '€ '.repeat(5_000), b: 'never reached' })
  expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(4096)
  expect(Buffer.byteLength(excerpt)).toBeGreaterThan(4080)
  expect(excerpt).not.toContain('\ufffd')
})

test('A credential that lies across the cut does not show its beginning.', () => {
  const excerpt = excerptOf({ a: `${'w '.repeat(2_030)}ghp_16C7e42F292c6912E7710c838347Ae178B4a` })
  expect(excerpt).not.toContain('ghp_')
})

test('Nesting without end is left out.', () => {
  let value: unknown = 'deep'
  for (let i = 0; i < 100_000; i++) value = [value]
  expect(excerptOf(value)).toContain('…')
})

test('A key __proto__ is shown, not set.', () => {
  expect(excerptOf(JSON.parse('{"__proto__":{"polluted":1}}'))).toBe('{"__proto__":{"polluted":1}}')
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})
