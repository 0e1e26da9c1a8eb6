/** Records that went to another thread are what they were. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPacker, createUnpacker, type DecodedRecord } from '../../src/ingest/packed-records.ts'
import { call, testDecoder } from './decoding.ts'

const text = fc.oneof(fc.constantFrom('a', 'b', 'Zoë', '東京', '😀'), fc.string({ maxLength: 6 }))
const field = fc.constantFrom('token_id', 'token', 'tenant', 'service', 'ip', 'method', 'path', 'operation', 'id')
const value = fc.oneof(text, fc.ipV4(), fc.constantFrom(undefined, null, 200, 1e9, 0.5, `/x/${'y'.repeat(3_000)}`))
const changes = fc.dictionary(fc.oneof(field, fc.constantFrom('status', 'bytes_in', 'latency_ms', 'timestamp')), value)

/** A record of one call each, whose events and dead letters are put together to give records of none, one or several. */
function recordsOf(calls: readonly (readonly Record<string, unknown>[])[]): readonly DecodedRecord[] {
  const { decode } = testDecoder()
  return calls.map((calls, at): DecodedRecord => {
    const place = { topic: 'calls', partition: 3, offset: 100 + at * 2 }
    const decoded = calls.map((changes) => decode(call(changes), false))
    const positioned = <T>(things: readonly T[]) =>
      things.map((thing, index) => ({ ...thing, position: { ...place, index } }))
    return {
      ...place,
      value: null,
      decoded: {
        events: positioned(decoded.flatMap(({ events }) => events)),
        deadLetters: positioned(decoded.flatMap(({ deadLetters }) => deadLetters)),
      },
    }
  })
}

test('Whatever was decoded arrives as it was, however few texts are remembered.', () => {
  const batches = fc.array(fc.array(fc.array(changes, { maxLength: 3 }), { maxLength: 5 }), { maxLength: 5 })
  fc.assert(
    fc.property(batches, fc.integer({ min: 1, max: 40 }), (batches, textsMax) => {
      const pack = createPacker(textsMax)
      const unpack = createUnpacker()
      for (const calls of batches) {
        const records = recordsOf(calls)
        expect(unpack(structuredClone(pack(records)))).toEqual(records)
      }
    }),
  )
})

test('A text that came before is not sent again, until as many are known as may be.', () => {
  const records = recordsOf([[{ tenant: 'acme' }], [{ tenant: 'initech' }]])
  const texts = new Set(records.flatMap(({ decoded }) => decoded.events.flatMap((event) => Object.values(event))))
  const pack = createPacker(texts.size)
  expect(pack(records).newTexts).toContain('initech')
  expect(pack(records)).toMatchObject({ isAnew: false, newTexts: [] })
  const small = createPacker(1)
  expect(small(records)).toMatchObject({ isAnew: true })
  expect(small(records)).toMatchObject({ isAnew: true, newTexts: small(records).newTexts })
})
