/** Remembered answers: bounded, and never another text's. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemo } from '../src/memo.ts'

test('What was asked for lately is remembered, what was not is forgotten in time.', () => {
  const memo = createMemo<number>(4)
  memo.set('often', 1)
  memo.set('once', 2)
  for (let at = 0; at < 10; at++) {
    expect(memo.get('often')).toBe(1)
    memo.set(`other ${at}`, at)
  }
  expect(memo.get('once')).toBeUndefined()
})

test('At most as many answers as allowed are remembered, each under its own text.', () => {
  const calls = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9 })), { maxLength: 60 })
  fc.assert(
    fc.property(calls, fc.integer({ min: 2, max: 8 }), (calls, entriesMax) => {
      const memo = createMemo<string>(entriesMax)
      for (const [isSet, key] of calls) {
        if (isSet) memo.set(`${key}`, `answer ${key}`)
        else expect([undefined, `answer ${key}`]).toContain(memo.get(`${key}`))
      }
      const remembered = Array.from({ length: 10 }, (_, key) => memo.get(`${key}`)).filter((answer) => answer)
      expect(remembered.length).toBeLessThanOrEqual(entriesMax)
    }),
  )
})
