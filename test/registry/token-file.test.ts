/** Lists of tokens: what is read from each form, what is refused and how, and that no credential gets through. */
import { describe, expect, test } from 'vitest'
import { createFingerprinter } from '../../src/enrich/fingerprint.ts'
import { problemText, readTokenList } from '../../src/registry/token-file.ts'
import { timeOf } from '../../src/registry/token-entry.ts'
import { Secret } from '../../src/secret.ts'

const withKey = createFingerprinter(new Secret('0123456789abcdef0123456789abcdef'))
const withoutKey = createFingerprinter(undefined)
const read = (text: string) => readTokenList(text, withKey)
const said = (text: string, fingerprinter = withKey) => readTokenList(text, fingerprinter).problems.map(problemText)

const FULL = {
  token_id: 't1',
  name: 'Invoice, sync',
  owner: 'kim@acme.example',
  tenant: 'acme',
  service: 'billing-api',
  scopes: ['invoices:read', 'tax-rates:read'],
  environment: 'production',
  created_at: '2026-01-01T00:00:00Z',
  expires_at: '2027-01-01T00:00:00+01:00',
  revoked_at: null,
  compromised_at: '',
  rotated_from: 't0',
}
const TOKEN = {
  tokenId: 't1',
  name: 'Invoice, sync',
  owner: 'kim@acme.example',
  tenant: 'acme',
  service: 'billing-api',
  scopes: ['invoices:read', 'tax-rates:read'],
  environment: 'production',
  createdAtMs: Date.UTC(2026, 0, 1),
  expiresAtMs: Date.UTC(2026, 11, 31, 23),
  revokedAtMs: 0,
  compromisedAtMs: 0,
  rotatedFrom: 't0',
}
const HEADER =
  'token_id,name,owner,tenant,service,scopes,environment,created_at,expires_at,revoked_at,compromised_at,rotated_from'
const ROW = (scopes: string) =>
  `t1,"Invoice, sync",kim@acme.example,acme,billing-api,${scopes},production,2026-01-01,2027-01-01 00:00:00+01,-,,t0`

describe('one token, in every form', () => {
  test.each([
    ['a JSON array', 'json', JSON.stringify([FULL])],
    ['a JSON array over several lines, with a byte order mark', 'json', `\ufeff${JSON.stringify([FULL], null, 2)}\n`],
    ['NDJSON', 'ndjson', `\n${JSON.stringify(FULL)}\n\n`],
    [
      'keys in camel case',
      'ndjson',
      JSON.stringify(FULL).replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    ],
    ['scopes as one text', 'json', JSON.stringify([{ ...FULL, scopes: 'invoices:read tax-rates:read' }])],
    ['CSV with spaces between scopes', 'csv', `${HEADER}\n${ROW('invoices:read tax-rates:read')}\n`],
    [
      'CSV with commas between scopes, from Windows',
      'csv',
      `${HEADER}\r\n${ROW('"invoices:read,tax-rates:read"')}\r\n`,
    ],
    ['CSV with semicolons between scopes', 'csv', `\ufeff${HEADER}\n${ROW('invoices:read;tax-rates:read')}`],
    [
      'CSV with a header as people write one',
      'csv',
      `${HEADER.replaceAll('_', ' ').toUpperCase()}\n${ROW('invoices:read tax-rates:read')}`,
    ],
  ])('%s', (_, format, text) => {
    expect(read(text)).toEqual({ format, tokens: [TOKEN], problems: [], fingerprinted: 0, ignoredKeys: new Map() })
  })

  test('columns between semicolons, as spreadsheets write them in some countries', () => {
    expect(read('token_id;owner;scopes\nt1;kim;a:read,b:read\n').tokens).toMatchObject([
      { tokenId: 't1', owner: 'kim', scopes: ['a:read', 'b:read'] },
    ])
  })

  test('nothing but an id is enough, and an id may be a number', () => {
    expect(read('[{"token_id": 7}]').tokens).toMatchObject([{ tokenId: '7', scopes: [], expiresAtMs: 0 }])
  })

  test('an empty file is an empty list', () => {
    expect(read('')).toMatchObject({ tokens: [], problems: [] })
    expect(read('[]')).toMatchObject({ tokens: [], problems: [] })
  })
})

describe('a mistake', () => {
  test.each([
    ['JSON that is cut off', '[{"token_id": "t1"},\n', ['expected valid JSON']],
    [
      'a JSON object over several lines',
      '{\n"token_id": "t1"\n}',
      [1, 2, 3].map((line) => `line ${line}: expected one whole JSON object on this line`),
    ],
    [
      'an item that is no object',
      '[\n{"token_id": "t1"},\n"t2"]',
      ['line 3: expected an object such as {"token_id": "...", "owner": "..."}'],
    ],
    ['no id', '[{"owner": "kim"}]', ['line 1: token_id: expected an id, or the credential itself as token']],
    [
      'a time that is none',
      'token_id,expires_at\nt1,soon\n',
      ['line 2: expires_at: expected a time such as 2026-03-01T00:00:00Z, a date, or epoch seconds, got "soon"'],
    ],
    [
      'a day that no month has',
      'token_id,expires_at\nt1,2026-02-30\n',
      ['line 2: expires_at: expected a time such as 2026-03-01T00:00:00Z, a date, or epoch seconds, got "2026-02-30"'],
    ],
    [
      'scopes that are no texts',
      '[{"token_id": "t1",\n"scopes": [1]}]',
      ['line 1: scopes: expected a list of texts, got "[1]"'],
    ],
    [
      'an owner that is a list',
      '{"token_id": "t1", "owner": ["kim"]}',
      ['line 1: owner: expected text, got "[\\"kim\\"]"'],
    ],
    [
      'a row with too few values',
      'token_id,owner\nt1,kim\nt2\n',
      ['line 3: expected 2 values, as in the header, instead of 1'],
    ],
    ['a quote that is not closed', 'token_id,owner\nt1,"kim\n', ['line 2: expected a closing quote']],
    ['no header', 't1,kim\n', ['line 1: expected a header that names the columns, token_id or token among them']],
    ['a column twice', 'token_id,owner,owner\n', ['line 1: expected each column once in the header']],
    [
      'a token twice',
      'token_id\nt1\nt2\nt1\n',
      ['line 4: token_id: expected each token once; this one stands on line 2 already'],
    ],
    [
      'several',
      'token_id,expires_at\n,x\nt1,y\n',
      [
        'line 2: token_id: expected an id, or the credential itself as token',
        'line 2: expires_at: expected a time such as 2026-03-01T00:00:00Z, a date, or epoch seconds, got "x"',
        'line 3: expires_at: expected a time such as 2026-03-01T00:00:00Z, a date, or epoch seconds, got "y"',
      ],
    ],
  ])('%s', (_, text, problems) => {
    const lines = said(text)
    // Where JSON breaks off, V8 may or may not name the line.
    expect(lines.map((line) => line.replace(/^line \d+: (?=expected valid JSON)/, ''))).toEqual(problems)
  })

  test('leaves the other entries', () => {
    expect(read('token_id,expires_at\nt1,soon\nt2,2027-01-01\n').tokens).toMatchObject([{ tokenId: 't2' }])
  })

  test('keys that mean nothing are named, with what was perhaps meant', () => {
    expect(read('token_id,team,expire_at\nt1,x,2027-01-01\n').ignoredKeys).toEqual(
      new Map([
        ['team', ''],
        ['expire_at', 'expires_at'],
      ]),
    )
  })
})

describe('a credential', () => {
  const SHAPED = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'
  const SHAPELESS = 'correct horse battery staple 42'

  test('becomes the id that events with it have', () => {
    const list = read(JSON.stringify([{ token: `Bearer ${SHAPED}` }, { token_id: `${SHAPED}x` }]))
    expect(list.tokens.map(({ tokenId }) => tokenId)).toEqual([
      withKey.fingerprint(SHAPED),
      withKey.fingerprint(`${SHAPED}x`),
    ])
    expect(list.fingerprinted).toBe(2)
  })

  test('beside another makes its predecessor one too, unless that is an id', () => {
    const id = withKey.fingerprint(SHAPELESS)
    const list = read(JSON.stringify([SHAPELESS, id].map((rotated_from, at) => ({ token: `key ${at}`, rotated_from }))))
    expect(list.tokens.map(({ rotatedFrom }) => rotatedFrom)).toEqual([id, id])
    expect(read('[{"token_id": "t2", "rotated_from": "t1"}]').tokens).toMatchObject([{ rotatedFrom: 't1' }])
  })

  test('loses to an id beside it', () => {
    expect(read(JSON.stringify([{ token: SHAPED, token_id: 't1' }])).tokens).toMatchObject([{ tokenId: 't1' }])
  })

  test('needs the key', () => {
    const expected =
      'expected the id that events carry: without enrich.fingerprintKey no credential can be turned into one'
    expect(said(`token\n${SHAPED}\n`, withoutKey)).toEqual([`line 2: token: ${expected}`])
    expect(said(`token_id\n${SHAPED}\n`, withoutKey)).toEqual([`line 2: token_id: ${expected}`])
  })

  const everywhere = (secret: string) => ({
    token: secret,
    name: `key ${secret}`,
    owner: secret,
    scopes: [secret, `a:${secret}`],
    expires_at: secret,
    rotated_from: SHAPED,
    [`x-${SHAPED}`]: 1,
  })
  test.each([
    ['in every field of a bad entry', JSON.stringify([everywhere(SHAPED), everywhere(SHAPELESS)])],
    [
      'in every field of a good entry',
      JSON.stringify([
        { ...everywhere(SHAPED), expires_at: '' },
        { ...everywhere(SHAPELESS), expires_at: '' },
      ]),
    ],
    ['in a line that does not parse', `{"token": "${SHAPED}", "owner": ${SHAPELESS}}`],
    ['in a row with a stray quote', `token,owner\n${SHAPED},${SHAPELESS}"x"\n`],
    ['where the header should be', `${SHAPED},${SHAPELESS}\n`],
    ['twice', `token\n${SHAPED}\n${SHAPED}\n`],
    ['of the wrong type', JSON.stringify([{ token: [SHAPED] }, { token_id: { id: SHAPED } }])],
  ])('stays nowhere: %s', (_, text) => {
    for (const fingerprinter of [withKey, withoutKey]) {
      const { ignoredKeys, ...list } = readTokenList(text, fingerprinter)
      const all = JSON.stringify([list, [...ignoredKeys], list.problems.map(problemText)])
      expect(all).not.toContain(SHAPED)
      expect(all).not.toContain(SHAPELESS)
    }
  })
})

describe('a time', () => {
  test.each<[unknown, number | undefined]>([
    ['2026-03-01T12:00:00Z', Date.UTC(2026, 2, 1, 12)],
    ['2026-03-01T12:00:00.123456+02:00', Date.UTC(2026, 2, 1, 10, 0, 0, 123)],
    ['2026-03-01', Date.UTC(2026, 2, 1)],
    ['2026-03-01T12:00:00', Date.UTC(2026, 2, 1, 12)],
    ['2026-03-01 12:00', Date.UTC(2026, 2, 1, 12)],
    ['2026-03-01 12:00:00 UTC', Date.UTC(2026, 2, 1, 12)],
    ['2026-03-01 12:00:00+00', Date.UTC(2026, 2, 1, 12)],
    [1_772_323_200, Date.UTC(2026, 2, 1)],
    ['1772323200000', Date.UTC(2026, 2, 1)],
    [undefined, 0],
    ['never', 0],
    ['0001-01-01T00:00:00Z', 0],
    ['03/01/2026', undefined],
    ['tomorrow', undefined],
    [true, undefined],
  ])('%j is %j', (value, ms) => {
    expect(timeOf(value)).toBe(ms)
  })

  test('the year 9999 is no expiry, and no other time', () => {
    expect(timeOf('9999-12-31T23:59:59Z', true)).toBe(0)
    expect(timeOf('9999-12-31T23:59:59Z')).toBeUndefined()
  })
})
