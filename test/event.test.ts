/** Ids are the same on every machine, whatever their fields are written in. */
import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashId } from '../src/event.ts'

test('An id is SHA-256 over its fields, each behind its length in UTF-8.', () => {
  const expected = createHash('sha256').update('2:427:caf\u00e9 a0:4:😀').digest('hex').slice(0, 32)
  expect(hashId(42, 'café a', '', '😀')).toBe(expected)
})

test('Where one field ends and the next begins makes a difference.', () => {
  const fields = fc.array(fc.oneof(fc.string({ unit: fc.constantFrom('1', ':', 'é') }), fc.nat(11)), { maxLength: 4 })
  fc.assert(
    fc.property(fields, fields, (a, b) => {
      const isSame = JSON.stringify(a.map(String)) === JSON.stringify(b.map(String))
      expect(hashId(...a) === hashId(...b)).toBe(isSame)
    }),
  )
})
