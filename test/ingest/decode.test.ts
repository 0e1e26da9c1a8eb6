/** Bad input becomes a dead letter that says why; everything else becomes an event. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createFingerprinter } from '../../src/enrich/fingerprint.ts'
import { DEAD_LETTER_REASONS } from '../../src/ingest/dead-letter.ts'
import type { DeadLetterReason } from '../../src/ingest/dead-letter.ts'
import { call, LIMITS, NOW_MS, recordOf, testDecoder } from './decoding.ts'

const iso = (ms: number) => new Date(ms).toISOString()

const REFUSED: readonly {
  it: string
  record: unknown
  reason: DeadLetterReason
  detail?: RegExp
  excerpt?: RegExp | ''
}[] = [
  { it: 'A tombstone has no value.', record: null, reason: 'tombstone', excerpt: '' },
  { it: 'No bytes at all are empty.', record: '', reason: 'empty', excerpt: '' },
  { it: 'White space is empty.', record: ' \r\n\t', reason: 'empty', excerpt: '' },
  {
    it: 'A message above the limit is not even parsed.',
    record: call({ x: 'a'.repeat(1_048_576) }),
    reason: 'too-large',
    excerpt: '',
  },
  {
    it: 'An event above its own limit is refused with an excerpt.',
    record: call({ x: 'a '.repeat(40_000) }),
    reason: 'too-large',
    excerpt: /ci-deploy/,
  },
  {
    it: 'Bytes that are not UTF-8 are refused.',
    record: Buffer.from([0x7b, 0xff, 0x7d]),
    reason: 'invalid-utf8',
    excerpt: '',
  },
  {
    it: 'A cut surrogate in bytes is not UTF-8.',
    record: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    reason: 'invalid-utf8',
  },
  { it: 'Text is not JSON.', record: 'GET /v1/orders 200', reason: 'not-json', excerpt: '' },
  { it: 'Two objects are not one.', record: '{}{}', reason: 'not-json' },
  { it: 'A number is no object.', record: '42', reason: 'not-an-object', excerpt: '' },
  {
    it: 'A bare text is no object, and may be a credential.',
    record: '"hunter2-hunter2"',
    reason: 'not-an-object',
    excerpt: '',
  },
  { it: 'null is no object.', record: 'null', reason: 'not-an-object' },
  { it: 'A list of events is no object.', record: [call()], reason: 'not-an-object', excerpt: /ci-deploy/ },
  { it: 'Sixty-five levels are too deep.', record: `{"a":${'['.repeat(64)}${']'.repeat(64)}}`, reason: 'too-deep' },
  {
    it: 'Half a million levels are too deep as well.',
    record: `{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}`,
    reason: 'too-deep',
  },
  { it: 'A key __proto__ is refused.', record: '{"__proto__":{"a":1}}', reason: 'forbidden-key' },
  {
    it: 'A key __proto__ is refused at any depth.',
    record: '{"a":[{"__proto__":{"x":1}}]}',
    reason: 'forbidden-key',
  },
  {
    it: 'A forbidden key spelled with an escape is refused.',
    record: '{"\\u005f_proto__":1}',
    reason: 'forbidden-key',
  },
  {
    it: 'A time is required.',
    record: call({ timestamp: undefined }),
    reason: 'missing-field',
    detail: /^timestamp: /,
  },
  {
    it: 'A blank time is missing.',
    record: call({ timestamp: ' - ' }),
    reason: 'missing-field',
    detail: /^timestamp: /,
  },
  { it: 'A token is required.', record: call({ token_id: null }), reason: 'missing-field', detail: /token/ },
  {
    it: 'A scheme without a credential is no token.',
    record: call({ token_id: '', token: 'Bearer ' }),
    reason: 'missing-field',
    detail: /token/,
  },
  {
    it: 'An endpoint is required.',
    record: call({ path: '-' }),
    reason: 'missing-field',
    detail: /path, route or operation/,
  },
  {
    it: 'A time that is true is of the wrong type.',
    record: call({ timestamp: true }),
    reason: 'wrong-type',
    detail: /^timestamp: /,
  },
  {
    it: 'A token that is a number is of the wrong type.',
    record: call({ token: 12345 }),
    reason: 'wrong-type',
    detail: /token/,
  },
  {
    it: 'A token id that is an object is of the wrong type.',
    record: call({ token_id: {} }),
    reason: 'wrong-type',
    detail: /token/,
  },
  {
    it: 'A token id too long to be kept is not cut, which could merge two.',
    record: call({ token_id: 'x'.repeat(1_025) }),
    reason: 'wrong-type',
    detail: /1024/,
  },
  {
    it: 'A path that is a list is of the wrong type.',
    record: call({ path: ['/'] }),
    reason: 'wrong-type',
    detail: /path/,
  },
  {
    it: 'The 30th of February is impossible.',
    record: call({ timestamp: '2026-02-30T00:00:00Z' }),
    reason: 'impossible-time',
  },
  {
    it: 'A time without an offset is of an unknown place.',
    record: call({ timestamp: '2026-03-01T11:00:00' }),
    reason: 'impossible-time',
  },
  { it: 'A negative epoch is impossible.', record: call({ timestamp: -1 }), reason: 'impossible-time' },
  { it: 'Words are no time.', record: call({ timestamp: 'yesterday' }), reason: 'impossible-time' },
  {
    it: 'Ten minutes and a bit ahead is too far.',
    record: call({ timestamp: iso(NOW_MS + 600_001) }),
    reason: 'time-in-future',
  },
  {
    it: 'Ten years and a bit ago is too late.',
    record: call({ timestamp: iso(NOW_MS - LIMITS.lateMaxMs - 1) }),
    reason: 'time-in-past',
  },
]

describe('what is refused', () => {
  test.each(REFUSED)('$it', ({ record, reason, detail, excerpt }) => {
    const letter = testDecoder().deadLetter(record)
    expect(letter.reason).toBe(reason)
    expect(letter.detail).toMatch(detail ?? /./)
    const bytes = recordOf(record).value
    expect(letter.lengthBytes).toBe(bytes?.length ?? 0)
    expect(letter.sha256).toBe(bytes === null ? '' : createHash('sha256').update(bytes).digest('hex'))
    expect(letter.position).toEqual({ topic: 'calls', partition: 3, offset: 17, index: 0 })
    if (excerpt === '') expect(letter.excerpt).toBe('')
    else if (excerpt) expect(letter.excerpt).toMatch(excerpt)
    expect(Buffer.byteLength(letter.excerpt)).toBeLessThanOrEqual(4096)
  })

  test('Without a key a raw token is refused, and the detail names the setting.', () => {
    const { deadLetter } = testDecoder({ fingerprinter: createFingerprinter(undefined) })
    const letter = deadLetter(call({ token_id: undefined, token: 'correct horse battery' }))
    expect(letter.reason).toBe('token-without-key')
    expect(letter.detail).toContain('enrich.fingerprintKey')
    expect(JSON.stringify(letter)).not.toContain('correct horse')
  })

  test('Every reason has a case here.', () => {
    const covered = new Set<string>([...REFUSED.map(({ reason }) => reason), 'token-without-key'])
    expect(DEAD_LETTER_REASONS.filter((reason) => !covered.has(reason))).toEqual([])
  })

  test('What a source had to cut is too large, by its true length and hash.', () => {
    const cut = { lengthBytes: 5_000_000, sha256: 'ab'.repeat(32) }
    const { deadLetters } = testDecoder().decodeRecord({ ...recordOf('{"a":"b'), cut })
    expect(deadLetters[0]).toMatchObject({ reason: 'too-large', ...cut, excerpt: '' })
  })
})

describe('bounds of time', () => {
  test.each([
    { it: 'The last moment that is allowed ahead is accepted.', timestamp: NOW_MS + 600_000 },
    { it: 'The first moment that is allowed back is accepted.', timestamp: NOW_MS - LIMITS.lateMaxMs },
  ])('$it', ({ timestamp }) => {
    expect(testDecoder().event(call({ timestamp: iso(timestamp) })).timeMs).toBe(timestamp)
  })

  test.each([
    { it: 'A replay takes what is decades old.', timestamp: '1975-06-01T00:00:00Z' },
    { it: 'A replay takes what lies ahead.', timestamp: '2150-01-01T00:00:00Z' },
  ])('$it', ({ timestamp }) => {
    const { events } = testDecoder().decode(call({ timestamp }), false)
    expect(events[0]?.timeMs).toBe(Date.parse(timestamp))
  })

  test('A replay refuses what the tables cannot hold.', () => {
    const { deadLetters } = testDecoder().decode(call({ timestamp: '9999-01-01T00:00:00Z' }), false)
    expect(deadLetters[0]?.reason).toBe('impossible-time')
  })
})

describe('what is accepted', () => {
  test('A whole event keeps every field under its own name.', () => {
    const event = testDecoder().event({
      ...call(),
      token_name: 'CI deploy',
      tenant: 'acme',
      service: 'orders',
      region: 'eu-central-1',
      environment: 'production',
      route: '/v1/orders/{id}',
      operation: 'GetOrder',
      error_code: 'Expired',
      id: 'req-1',
      bytes_in: 10,
      bytes_out: '2048',
      latency_ms: 12.5,
    })
    expect(event).toEqual({
      position: { topic: 'calls', partition: 3, offset: 17, index: 0 },
      eventId: 'req-1',
      producerId: 'req-1',
      timeMs: Date.UTC(2026, 2, 1, 11, 59, 58, 250),
      tokenId: 'ci-deploy',
      tokenKind: 'opaque',
      tokenName: 'CI deploy',
      tenant: 'acme',
      service: 'orders',
      region: 'eu-central-1',
      environment: 'production',
      ip: '52.95.110.1',
      sourceText: '',
      method: 'GET',
      path: '/v1/orders',
      gatewayRoute: '/v1/orders/{id}',
      operation: 'GetOrder',
      status: 200,
      errorCode: 'Expired',
      userAgent: 'curl/8.5.0',
      bytesIn: 10,
      bytesOut: 2048,
      latencyMs: 12.5,
      truncated: false,
    })
  })

  test('An event with the required fields only has everything else empty.', () => {
    const { event, counted } = testDecoder()
    const bare = event({ ts: 1_772_366_398, token_id: 't', operation: 'Ping' })
    expect(bare).toMatchObject({ ip: '', path: '', status: 0, userAgent: '', latencyMs: 0, truncated: false })
    expect(counted).toEqual([])
  })

  test.each(['timestamp', '@timestamp', 'time', 'ts'])('The time may be called %s.', (name) => {
    const event = testDecoder().event({ [name]: '2026-03-01T11:00:00Z', token_id: 't', path: '/' })
    expect(event.timeMs).toBe(Date.UTC(2026, 2, 1, 11))
  })

  test.each([null, '', '-', ' ', ' - '])('%j means absent, for every field.', (nothing) => {
    const { event, counted } = testDecoder()
    const absent = {
      ip: nothing,
      method: nothing,
      status: nothing,
      user_agent: nothing,
      tenant: nothing,
      id: nothing,
      bytes_in: nothing,
    }
    expect(event(call(absent))).toMatchObject({
      ip: '',
      sourceText: '',
      method: '',
      status: 0,
      userAgent: '',
      tenant: '',
      producerId: '',
      bytesIn: 0,
    })
    expect(counted).toEqual([])
  })

  test.each([
    { it: 'A status that is text is dropped.', changes: { status: 'ok' }, field: 'status' },
    { it: 'A status out of range is dropped.', changes: { status: 20_000 }, field: 'status' },
    { it: 'A negative size is dropped.', changes: { bytes_in: -1 }, field: 'bytes_in' },
    { it: 'An infinite latency is dropped.', changes: { latency_ms: '1e999' }, field: 'latency_ms' },
    { it: 'A user agent that is a list is dropped.', changes: { user_agent: ['curl'] }, field: 'user_agent' },
    { it: 'A tenant that is a number is dropped.', changes: { tenant: 42 }, field: 'tenant' },
    { it: 'An address that is an object is dropped.', changes: { ip: { v4: '1.1.1.1' } }, field: 'ip' },
    {
      it: 'A path of the wrong type beside an operation is dropped.',
      changes: { path: 5, operation: 'Ping' },
      field: 'path',
    },
    {
      it: 'An id too long to be kept is dropped, since cut ids could meet.',
      changes: { id: 'x'.repeat(257) },
      field: 'id',
    },
  ])('$it', ({ changes, field }) => {
    const { event, counted } = testDecoder()
    event(call(changes))
    expect(counted).toEqual([field])
  })

  test('Text in place of an address is kept beside it and counted.', () => {
    const { event, counted } = testDecoder()
    expect(event(call({ ip: 'AWS Internal' }))).toMatchObject({ ip: '', sourceText: 'AWS Internal' })
    expect(counted).toEqual(['source text'])
  })

  test('User agent and path are cut at their limits, never inside a character, and flagged.', () => {
    const { event } = testDecoder()
    const agent = event(call({ user_agent: `${'a'.repeat(511)}😀` }))
    expect(agent.userAgent).toBe('a'.repeat(511))
    expect(agent.truncated).toBe(true)
    const path = event(call({ path: `/${'ab/'.repeat(1_000)}` }))
    expect(path.path).toHaveLength(2048)
    expect(path.truncated).toBe(true)
    expect(event(call({ user_agent: 'a'.repeat(512), path: `/${'b'.repeat(2047)}` })).truncated).toBe(false)
  })

  test('Text is made well-formed and loses NUL.', () => {
    const event = testDecoder().event('{"ts":1772366398,"token_id":"a\\u0000b","path":"/\\ud800x","tenant":"\\u0000"}')
    expect(event).toMatchObject({ tokenId: 'ab', path: '/\ufffdx', tenant: '' })
  })

  test('A byte order mark is no part of the text.', () => {
    expect(testDecoder().event(`\ufeff${JSON.stringify(call())}`).tokenId).toBe('ci-deploy')
  })

  test('Sixty-four levels are not too deep.', () => {
    const nested = `${'['.repeat(63)}${']'.repeat(63)}`
    expect(testDecoder().event(`{"ts":1772366398,"token_id":"t","path":"/","x":${nested}}`).path).toBe('/')
  })

  test('A value that only mentions __proto__ is harmless.', () => {
    expect(testDecoder().event(call({ tenant: '__proto__' })).tenant).toBe('__proto__')
  })
})

describe('the id of an event', () => {
  test('Equal events share it, wherever they stand in the log.', () => {
    const { event } = testDecoder()
    const first = event(call())
    const reordered = event(Object.fromEntries(Object.entries(call()).reverse()))
    expect(first.producerId).toBe('')
    expect(reordered.eventId).toBe(first.eventId)
  })

  test('It is the same on every machine and in every version.', () => {
    expect(testDecoder().event(call()).eventId).toMatchInlineSnapshot(`"aabcb6f471c703e247ef3f3d21ed203e"`)
  })

  test.each([
    { path: '/v2/orders' },
    { status: 201 },
    { ip: '52.95.110.2' },
    { tenant: 'x' },
    { timestamp: '2026-03-01T11:59:58.251Z' },
  ])('It differs when %j does.', (changes) => {
    const { event } = testDecoder()
    expect(event(call(changes)).eventId).not.toBe(event(call()).eventId)
  })
})

describe('envelopes of shippers', () => {
  const text = JSON.stringify(call())
  test.each([
    {
      it: 'Filebeat puts the line into message.',
      record: { '@timestamp': '2026-03-01T12:00:00Z', message: text, agent: { type: 'filebeat' } },
    },
    {
      it: 'Container runtimes put it into log.',
      record: { log: `${text}\n`, stream: 'stdout', time: '2026-03-01T12:00:00Z' },
    },
    { it: 'ECS keeps it in event.original.', record: { event: { original: text } } },
    { it: 'Some write that key flat.', record: { 'event.original': text } },
    { it: 'An envelope may lie in another.', record: { message: JSON.stringify({ log: text }) } },
  ])('$it', ({ record }) => {
    const { event } = testDecoder()
    expect(event(record)).toEqual(event(call()))
  })

  test('An event that has a message of its own is no envelope.', () => {
    expect(testDecoder().event(call({ message: '{"not":"an event"}' })).tokenId).toBe('ci-deploy')
  })

  test('What is wrong inside an envelope is said of the inside.', () => {
    const { deadLetter } = testDecoder()
    expect(deadLetter({ message: JSON.stringify(call({ timestamp: 'noon' })) }).reason).toBe('impossible-time')
    expect(deadLetter({ message: '{"a":' }).reason).toBe('not-json')
    expect(deadLetter({ message: 'plain words' }).reason).toBe('missing-field')
    expect(deadLetter({ message: '{"__proto__":1}' }).reason).toBe('forbidden-key')
  })

  test('Envelopes without end are refused.', () => {
    let record = JSON.stringify(call())
    for (let i = 0; i < 5; i++) record = JSON.stringify({ log: record })
    expect(testDecoder().deadLetter(record).reason).toBe('missing-field')
  })
})
