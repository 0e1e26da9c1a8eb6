/** For any bytes: nothing throws, nothing is lost, everything is bounded, and no credential comes out. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formats } from '../../src/ingest/formats/index.ts'
import { call, NOW_MS, recordOf, testDecoder } from './decoding.ts'

const hostile = fc.oneof(
  fc.anything(),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.constantFrom(null, '', '-', '1e999', '\0', '\ud800'),
)
const fields = [
  'timestamp',
  'token',
  'token_id',
  'ip',
  'method',
  'path',
  'route',
  'operation',
  'status',
  'user_agent',
  'tenant',
  'id',
  'bytes_in',
  'latency_ms',
  'message',
  'log',
  'event',
  'Records',
  'userIdentity',
  'eventTime',
  'eventName',
  'sourceIPAddress',
  'errorCode',
  'responseElements',
]
const objects = fc.dictionary(fc.constantFrom(...fields), hostile, { maxKeys: 12 })
const records = fc.oneof(
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  objects.map((changes) => Buffer.from(toJson(call(changes)))),
  objects.map((object) => Buffer.from(toJson({ Records: [object, { eventTime: '2026-03-01T00:00:00Z', ...object }] }))),
)

/** JSON of whatever JSON can hold. */
function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? Number(each) : each)) ?? 'null'
  } catch {
    return '{}'
  }
}

describe.each(formats)('$name', (format) => {
  test('Any record gives events or dead letters, each at its own index, all of them bounded.', () => {
    const { decode } = testDecoder({ format })
    fc.assert(
      fc.property(records, fc.boolean(), (bytes, bounded) => {
        const { events, deadLetters } = decode(bytes, bounded)
        expect(events.length + deadLetters.length).toBeGreaterThan(0)
        const indexes = [...events, ...deadLetters].map(({ position }) => position.index)
        expect(indexes.toSorted((a, b) => a - b)).toEqual(indexes.map((_, index) => index))
        for (const event of events) {
          for (const value of Object.values(event)) {
            if (typeof value === 'string') {
              expect(value.length).toBeLessThanOrEqual(2048)
              expect(value.isWellFormed()).toBe(true)
              expect(value).not.toContain('\0')
            } else if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0)
          }
          expect(event.eventId).not.toBe('')
          if (bounded) expect(event.timeMs).toBeLessThanOrEqual(NOW_MS + 600_000)
        }
        for (const letter of deadLetters) {
          expect(letter.lengthBytes).toBe(bytes.length)
          expect(letter.detail.length).toBeLessThanOrEqual(200)
          expect(Buffer.byteLength(letter.excerpt)).toBeLessThanOrEqual(4096)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a raw credential', () => {
  const credential = fc.string({
    unit: fc.constantFrom(...'abcdefXYZ0189-_.~+/='.split('')),
    minLength: 8,
    maxLength: 80,
  })
  const around = fc.tuple(
    credential,
    fc.constantFrom('', 'Bearer ', 'basic ', ' '),
    fc.constantFrom('user_agent', 'token_name', 'path', 'operation', 'route', 'id', 'tenant', 'ip'),
  )

  test('never comes out of an event or a dead letter, wherever else the producer wrote it.', () => {
    const { decode } = testDecoder()
    fc.assert(
      fc.property(around, fc.boolean(), ([token, scheme, field], isGood) => {
        fc.pre(!/^(?:bearer|basic|token|apikey)/i.test(token))
        const text = field === 'path' ? `/a/${token}/b` : `see ${token} there`
        const { events, deadLetters } = decode(
          call({
            token_id: undefined,
            token: scheme + token,
            [field]: text,
            ...(isGood ? {} : { timestamp: 'never' }),
          }),
        )
        expect(events).toHaveLength(isGood ? 1 : 0)
        expect(JSON.stringify([events, deadLetters])).not.toContain(token)
      }),
    )
  })

  test('is not guessed from its id: the same record decodes alike every time.', () => {
    fc.assert(
      fc.property(credential, (token) => {
        const record = recordOf(call({ token_id: undefined, token }))
        expect(testDecoder().decodeRecord(record)).toEqual(testDecoder().decodeRecord(record))
      }),
      { numRuns: 20 },
    )
  })
})
