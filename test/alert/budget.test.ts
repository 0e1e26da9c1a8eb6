/** The threshold that a budget comes to, by hand and by what must hold whatever the scores. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CEILING_BITS,
  type DayScores,
  FLOOR_BITS,
  LEVELS,
  LEVELS_PER_BIT,
  budgetOf,
  levelOf,
  takeThreshold,
} from '../../src/alert/budget.ts'

/** A day whose incidents came to these bits. */
function day(...bits: readonly number[]): DayScores {
  const counts = Array.from({ length: LEVELS }, () => 0)
  for (const score of bits) if (levelOf(score) >= 0) counts[levelOf(score)] = (counts[levelOf(score)] as number) + 1
  return counts
}

function days(count: number, ...bits: readonly number[]): DayScores[] {
  return Array.from({ length: count }, () => day(...bits))
}

const SETTINGS = { budgetPerDay: 1, thresholdBits: 13 }
/** By chance: of 64 incidents from 8 bits on, half as many every two bits. */
const CHANCE = Array.from({ length: 64 }, (_, at) => 8 + 2 * Math.log2(64 / (at + 1)))

describe('the threshold', () => {
  test.each([
    ['of six days is the fixed one, whatever they brought', days(6, 20, 20, 20), 13, 'fixed'],
    ['lets as many pass as the budget has', days(28, 8, 8, 11, 11, 14), 11.25, 'budget'],
    ['is told in quarters of a bit', days(28, 8, 8, 9.1, 9.1), 9.25, 'budget'],
    ['counts a score that reaches it', days(28, 8, 8, 11, 11.25, 14), 11.5, 'budget'],
    ['of quiet days lies at the floor', days(28), FLOOR_BITS, 'floor'],
    ['and of days that keep to the budget anyway', days(28, 40), FLOOR_BITS, 'floor'],
    // 2.5 bits for each halving: 8 + 2.5 * log2(4 / 1).
    ['lies no higher than chance explains', days(28, 30, 30, 30, 30), 13, 'chance'],
    ['and never above the ceiling', days(28, ...Array.from({ length: 9_000 }, () => 60)), CEILING_BITS, 'ceiling'],
  ] as const)('%s', (_, scores, bits, reason) => {
    expect(takeThreshold(scores, SETTINGS)).toMatchObject({ bits, reason, days: scores.length })
  })

  test('comes down to the floor as weeks pass', () => {
    const at = (count: number) => takeThreshold(days(count), SETTINGS).bits
    expect([7, 14, 21, 28].map(at)).toEqual([13, 11.5, 9.75, 8])
  })

  test('does not start above the ceiling or below the floor', () => {
    expect(takeThreshold(days(7), { ...SETTINGS, thresholdBits: 1_000 }).bits).toBe(CEILING_BITS)
    expect(takeThreshold(days(7), { ...SETTINGS, thresholdBits: 2 }).bits).toBe(FLOOR_BITS)
  })

  test('keeps to a budget of less than one a day', () => {
    const scores = [...days(25, 8), ...days(3, 8, 15)]
    const taken = takeThreshold(scores, { ...SETTINGS, budgetPerDay: 0.1 })
    expect(taken).toMatchObject({ bits: 15.25, reason: 'budget' })
    expect(takeThreshold(scores, { ...SETTINGS, budgetPerDay: 0.2 }).bits).toBe(8.25)
  })

  test('hardly moves for one terrible day', () => {
    const usual = days(27, 9, 10, 11, 12)
    const terrible = day(...Array.from({ length: 900 }, () => 50))
    expect(takeThreshold([...usual, day(9, 10, 11, 12)], SETTINGS).bits).toBe(11.25)
    expect(takeThreshold([...usual, terrible], SETTINGS).bits).toBe(12.25)
  })

  test('is not driven away by a campaign of four weeks', () => {
    const alone = takeThreshold(days(28, ...CHANCE), SETTINGS)
    const attacked = takeThreshold(days(28, ...CHANCE, ...Array.from({ length: 30 }, () => 50)), SETTINGS)
    expect(alone).toMatchObject({ bits: 18.25, reason: 'budget' })
    // 8 + 2.5 * log2(94): what comes to 50 bits every day is told of.
    expect(attacked).toMatchObject({ bits: 24.5, reason: 'chance' })
  })

  test('tells how many a day reached each quarter of a bit, and how many count', () => {
    const { perDay, counted } = takeThreshold([...days(9, 8, 9), day(...Array.from({ length: 50 }, () => 9))], SETTINGS)
    expect([perDay[0], perDay[1], perDay[4], perDay[5]]).toEqual([6.8, 5.9, 5.9, 0])
    // The one day counts for three times a day in the middle (2, then 1).
    expect([counted[0], counted[1]]).toEqual([2.4, 1.2])
  })
})

describe('whatever the scores', () => {
  const score = fc.integer({ min: 4 * 256, max: 60 * 256 }).map((parts) => parts / 256)
  const history = fc.array(
    fc.array(score, { maxLength: 12 }).map((bits) => day(...bits)),
    { minLength: 7, maxLength: 28 },
  )
  const budgetPerDay = fc.constantFrom(0.05, 0.5, 1, 3, 10)

  test('it lies between floor and ceiling, in quarters of a bit', () => {
    fc.assert(
      fc.property(history, budgetPerDay, (scores, budget) => {
        const { bits } = takeThreshold(scores, { ...SETTINGS, budgetPerDay: budget })
        expect(bits).toBeGreaterThanOrEqual(FLOOR_BITS)
        expect(bits).toBeLessThanOrEqual(CEILING_BITS)
        expect(Number.isInteger(bits * LEVELS_PER_BIT)).toBe(true)
      }),
    )
  })

  test('the order of days is nothing to it, a greater budget never raises it, a further incident never lowers it', () => {
    fc.assert(
      fc.property(history, budgetPerDay, fc.nat(), score, (scores, budget, at, more) => {
        const settings = { ...SETTINGS, budgetPerDay: budget }
        const { bits } = takeThreshold(scores, settings)
        expect(takeThreshold([...scores].reverse(), settings).bits).toBe(bits)
        expect(takeThreshold(scores, { ...settings, budgetPerDay: budget * 2 }).bits).toBeLessThanOrEqual(bits)
        const busier = scores.map((counts, index) =>
          index === at % scores.length ? counts.map((n, level) => n + (day(more)[level] as number)) : counts,
        )
        expect(takeThreshold(busier, settings).bits).toBeGreaterThanOrEqual(bits)
      }),
    )
  })

  test('what passes it keeps to the budget, where the budget decided', () => {
    fc.assert(
      fc.property(history, budgetPerDay, (scores, budget) => {
        const { bits, reason, counted } = takeThreshold(scores, { ...SETTINGS, budgetPerDay: budget })
        if (reason !== 'budget') return
        expect(counted[levelOf(bits)]).toBeLessThanOrEqual(budget)
        expect(counted[levelOf(bits) - 1]).toBeGreaterThan(budget)
      }),
    )
  })
})

test('off means the fixed threshold', () => {
  expect(budgetOf({ budgetPerDay: 'off', thresholdBits: 13 })).toBeUndefined()
  expect(budgetOf({ budgetPerDay: 3, thresholdBits: 13 })).toEqual({ budgetPerDay: 3, thresholdBits: 13 })
})
