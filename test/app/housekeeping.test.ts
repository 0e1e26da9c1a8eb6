/** Which months of the rollups are out of every window. */
import { expect, test } from 'vitest'
import { monthBefore } from '../../src/app/housekeeping.ts'

test.each([
  ['seven months before November is April', '2026-11-21T00:00:00Z', 7, 202604],
  ['the count goes over a year', '2026-03-01T00:00:00Z', 7, 202508],
  ['January minus one is December', '2026-01-31T23:59:59.999Z', 1, 202512],
])('%s', (_sentence, time, months, expected) => {
  expect(monthBefore(Date.parse(time), months)).toBe(expected)
})
