/**
 * A token that only ever read, and now writes.
 *
 * Attack: whoever stole a reporting or dashboard token changes or deletes what it may. Signal: a method that writes, or
 * an operation whose name does not say that it reads, where none of the token's known endpoints did. Bits: the mass of
 * the unseen over the token's active hours, P = 1 / (n + 1), and `kindBits` more: to change the kind of one's work is
 * rarer than to call one more endpoint. A prior.
 * Blind to: tokens that write a little already.
 */
import { z } from 'zod'
import { activeHours } from '../profile/activity.ts'
import { isRefused } from '../profile/dimension.ts'
import { type ValueTable, nodeAt, sizeOf } from '../profile/values.ts'
import { defineDetector } from './detector.ts'
import { isWrite } from './shared/writes.ts'
import { bitsEquation, num } from './shared/arithmetic.ts'

/** Before so many active hours a token has not shown yet what it does. */
const SETTLED_HOURS = 24

export const firstWrite = defineDetector({
  name: 'first-write',
  summary: 'A token that only ever read, and now writes.',
  cause: 'action',
  settings: z.strictObject({
    kindBits: z.number().min(0).describe('Bits beyond those of a new endpoint. A prior.').default(0),
  }),
  explain(found) {
    const { n = 0, kindBits = 0 } = found.numbers
    return bitsEquation(`-log2(1 / (${num(n)} + 1)) + ${num(kindBits)}`, found)
  },
  create: ({ kindBits }, { findingBitsMin }) => ({
    name: 'first-write',
    inspect(event, profile) {
      if (isRefused(event) || event.route === '' || !isWrite(event.method, event.route)) return undefined
      if (hasWritten(profile.learned.route) || hasWritten(profile.held.route)) return undefined
      const n = activeHours(profile.activity)
      if (n < SETTLED_HOURS) return undefined
      const bits = Math.log2(n + 1) + kindBits
      if (bits < findingBitsMin) return undefined
      return {
        bits,
        seen: `First call that writes: ${event.method} ${event.route}`,
        normal: `In ${n} active hours only reads; endpoints known: ${sizeOf(profile.learned.route)}`,
        numbers: { n, kindBits },
      }
    },
  }),
})

/** Whether one of these routes, with its method, is a call that writes. */
function hasWritten(table: ValueTable): boolean {
  const { ancestorAt, levelText } = table.vocabulary
  for (let row = 0; row < sizeOf(table); row++) {
    const method = nodeAt(table, row)
    if (isWrite(levelText(method), levelText(ancestorAt(method, 1)))) return true
  }
  return false
}
