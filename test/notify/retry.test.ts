/** The back-off: doubling, within bounds, and never sooner than a target asked for. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { retryDelayMs } from '../../src/notify/retry.ts'
import { notifySettings } from '../../src/notify/settings.ts'

const retry = { initialMs: 1000, maxMs: 60_000, attemptsMax: 20, retryAfterMaxMs: 3_600_000 }

describe('the wait after a failed attempt', () => {
  test.each([
    ['the first wait is at least half of the initial one', 1, 0, undefined, 500],
    ['and at most all of it', 1, 1, undefined, 1000],
    ['each further wait doubles', 4, 1, undefined, 8000],
    ['up to the longest', 12, 1, undefined, 60_000],
    ['a larger Retry-After wins', 1, 0, 30_000, 30_000],
    ['a smaller one does not', 4, 1, 10, 8000],
    ['an absurd one is capped', 1, 0, 1e12, 3_600_000],
  ])('%s', (_, attempt, random, retryAfterMs, expected) => {
    expect(retryDelayMs(attempt, retry, random, retryAfterMs)).toBe(expected)
  })

  test('stays within its bounds for any attempt', () => {
    const attempts = fc.integer({ min: 1, max: 10_000 })
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(attempts, draw, (attempt, random) => {
        const waitMs = retryDelayMs(attempt, retry, random)
        expect(waitMs).toBeGreaterThanOrEqual(500)
        expect(waitMs).toBeLessThanOrEqual(60_000)
      }),
    )
  })

  test('adds up to about five hours with the defaults, as the settings say', () => {
    const { retry: defaults } = notifySettings.parse({})
    const waits = Array.from({ length: defaults.attemptsMax - 1 }, (_, index) => retryDelayMs(index + 1, defaults, 0.5))
    const hours = waits.reduce((sum, waitMs) => sum + waitMs, 0) / 3_600_000
    expect(hours).toBeGreaterThan(3)
    expect(hours).toBeLessThan(5.5)
  })
})
