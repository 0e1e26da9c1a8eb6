/** What every log format must do. Each one's test file, test/ingest/<name>.test.ts, calls `formatContract`. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Format, JsonObject } from '../../src/ingest/formats/format.ts'
import { DEAD_LETTER_REASONS } from '../../src/ingest/dead-letter.ts'
import { LIMITS, testDecoder } from '../ingest/decoding.ts'

/** Records that any format has to cope with, beside the random ones. */
const HOSTILE: readonly JsonObject[] = [
  {},
  { Records: [] },
  { Records: [null, 1, 'x', [], {}] },
  { userIdentity: 'text', eventTime: {}, eventName: [] },
  Object.fromEntries(['timestamp', 'token', 'path', 'eventTime', 'userIdentity'].map((key) => [key, { toString: 1 }])),
  nested(60),
]

function nested(levels: number): JsonObject {
  let value: JsonObject = {}
  for (let i = 0; i < levels; i++) value = { Records: [value], userIdentity: value, sessionContext: value }
  return value
}

export interface FormatCase {
  readonly format: Format
  /** A record in this format with exactly one event, of any time since 2020. */
  readonly record: JsonObject
}

export function formatContract({ format, record }: FormatCase): void {
  describe(`the format ${format.name}`, () => {
    test('says in one line what it is, and what its required fields are called.', () => {
      expect(format.name).toMatch(/^[a-z][a-z0-9-]*$/)
      expect(format.summary).toMatch(/^\S.*\.$|^\S.*…$/)
      expect(format.summary).not.toContain('\n')
      expect(Object.values(format.fieldNames).every((name) => name.length > 0)).toBe(true)
    })

    test('maps its own record onto one event.', () => {
      const settings = { ...LIMITS, futureMaxMs: Number.MAX_SAFE_INTEGER }
      const { events, deadLetters } = testDecoder({ format, settings }).decode(record)
      expect(deadLetters).toEqual([])
      expect(events).toHaveLength(1)
    })

    test('maps a record alike every time and does not change it.', () => {
      const copy = structuredClone(record)
      expect(format.map(record)).toEqual(format.map(copy))
      expect(record).toEqual(copy)
    })

    test('names a required field that is missing in the words of its producers.', () => {
      const { deadLetters } = testDecoder({ format }).decode({})
      expect(deadLetters[0]?.reason).toBe('missing-field')
      const named = Object.values(format.fieldNames).some((name) => deadLetters[0]?.detail.startsWith(name))
      expect(named).toBe(true)
    })

    test.each(HOSTILE.map((value, index) => ({ value, index })))('copes with hostile record $index.', ({ value }) => {
      expectAnswers(format, value)
    })

    test('answers any object with fields or a reason, and never throws.', () => {
      const key = fc.oneof(fc.constantFrom(...Object.keys(record)), fc.string())
      fc.assert(fc.property(fc.dictionary(key, fc.jsonValue()), (value) => expectAnswers(format, value)))
    })

    test('answers whatever stands in one of its fields.', () => {
      fc.assert(
        fc.property(fc.constantFrom(...Object.keys(record)), fc.jsonValue(), (key, value) => {
          expectAnswers(format, { ...record, [key]: value })
        }),
      )
    })
  })
}

function expectAnswers(format: Format, value: JsonObject): void {
  for (const mapped of format.map(value)) {
    if ('rejection' in mapped) {
      expect(DEAD_LETTER_REASONS).toContain(mapped.rejection.reason)
      expect(mapped.rejection.detail).not.toBe('')
    } else expect(mapped.fields).toBeTypeOf('object')
  }
}
