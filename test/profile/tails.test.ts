/** Tails of counts, held against direct sums, closed forms and common sense. */
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import {
  betaBinomialTailBits,
  negativeBinomialLowerTailBits,
  negativeBinomialTailBits,
  studentTailBits,
} from '../../src/profile/tails.ts'

// Many histories are folded, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

/** -log2 P(X >= count), from the probabilities one by one: p(k+1) = p(k) q (k + r) / (k + 1). */
function summedNegativeBinomial(count: number, mean: number, shape: number): number {
  const q = mean / (mean + shape)
  let p = (1 - q) ** shape
  let tail = 0
  for (let k = 0; k < count + 20_000; k++) {
    if (k >= count) tail += p
    p *= (q * (k + shape)) / (k + 1)
  }
  return -Math.log2(tail)
}

/** -log2 P(X <= count), from the same probabilities. */
function summedLowerNegativeBinomial(count: number, mean: number, shape: number): number {
  const q = mean / (mean + shape)
  let p = (1 - q) ** shape
  let tail = 0
  for (let k = 0; k <= count; k++) {
    tail += p
    p *= (q * (k + shape)) / (k + 1)
  }
  return -Math.log2(tail)
}

/** -log2 P(R >= refused), by the beta function as a product of ratios; alpha and beta are whole numbers. */
function summedBetaBinomial(refused: number, calls: number, alpha: number, beta: number): number {
  let tail = 0
  for (let r = refused; r <= calls; r++) {
    let p = 1
    for (let i = 1; i <= r; i++) p *= (calls - r + i) / i
    for (let i = 0; i < r; i++) p *= (alpha + i) / (alpha + beta + i)
    for (let i = 0; i < calls - r; i++) p *= (beta + i) / (alpha + beta + r + i)
    tail += p
  }
  return -Math.log2(tail)
}

describe('the upper tail of a negative binomial', () => {
  test('is the sum of its probabilities', () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 200 }),
      mean: fc.double({ min: 0.1, max: 60, noNaN: true }),
      shape: fc.double({ min: 0.5, max: 50, noNaN: true }),
    })
    fc.assert(
      fc.property(cases, ({ count, mean, shape }) => {
        fc.pre(count > mean)
        const expected = summedNegativeBinomial(count, mean, shape)
        fc.pre(expected < 200)
        expect(negativeBinomialTailBits(count, mean, shape)).toBeCloseTo(expected, 6)
      }),
    )
  })

  test('is a power of q where the shape is 1, however far out', () => {
    for (const count of [2, 10, 1000, 100_000]) {
      expect(negativeBinomialTailBits(count, 1, 1) / count).toBeCloseTo(1, 9)
      expect(negativeBinomialTailBits(count * 3, 3, 1) / (count * 3)).toBeCloseTo(Math.log2(4 / 3), 9)
    }
  })

  test('is worth nothing up to the mean', () => {
    expect(negativeBinomialTailBits(10, 10, 3)).toBe(0)
    expect(negativeBinomialTailBits(0, 10, 3)).toBe(0)
  })

  test('grows with the count and stays finite', () => {
    const cases = fc.record({
      count: fc.oneof(fc.nat(1000), fc.nat(1_000_000_000)),
      mean: fc.oneof(fc.double({ min: 1, max: 100, noNaN: true }), fc.double({ min: 1, max: 1e7, noNaN: true })),
      shape: fc.double({ min: 0.5, max: 400, noNaN: true }),
    })
    fc.assert(
      fc.property(cases, ({ count, mean, shape }) => {
        const bits = negativeBinomialTailBits(count, mean, shape)
        expect(bits).toBeGreaterThanOrEqual(0)
        expect(Number.isFinite(bits)).toBe(true)
        // Differences of logarithms of factorials keep six digits at counts of a thousand million.
        expect(negativeBinomialTailBits(count + 1 + Math.floor(count / 100), mean, shape)).toBeGreaterThanOrEqual(
          bits - 1e-4,
        )
      }),
      { numRuns: 500 },
    )
  })
})

describe('the lower tail of a negative binomial', () => {
  const parameters = {
    mean: fc.double({ min: 0.1, max: 300, noNaN: true }),
    shape: fc.double({ min: 0.05, max: 200, noNaN: true }),
  }

  test('is the sum of its probabilities', () => {
    fc.assert(
      fc.property(fc.record({ count: fc.nat(299), ...parameters }), ({ count, mean, shape }) => {
        fc.pre(count < mean)
        const bits = negativeBinomialLowerTailBits(count, mean, shape)
        expect(bits).toBeCloseTo(summedLowerNegativeBinomial(count, mean, shape), 6)
      }),
    )
  })

  test('of nothing at all is a power of p, also where it is far smaller than a number can be', () => {
    for (const [mean, shape] of [
      [100, 2],
      [1e6, 20],
      [1e4, 1e4],
    ] as const) {
      const bits = negativeBinomialLowerTailBits(0, mean, shape)
      expect(bits / (shape * Math.log2(1 + mean / shape))).toBeCloseTo(1, 6)
    }
    expect(negativeBinomialLowerTailBits(0, 1e5, 1e4)).toBeGreaterThan(1074)
  })

  test('and the upper one share all there is', () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 59 }),
      mean: fc.double({ min: 0.1, max: 60, noNaN: true }),
      shape: fc.double({ min: 0.5, max: 50, noNaN: true }),
    })
    fc.assert(
      fc.property(cases, ({ count, mean, shape }) => {
        fc.pre(count < mean)
        const below = 2 ** -negativeBinomialLowerTailBits(count - 1, mean, shape)
        expect(below).toBeCloseTo(1 - 2 ** -summedNegativeBinomial(count, mean, shape), 6)
      }),
    )
  })

  test('is worth nothing from the mean on, more the fewer there are, and never infinite', () => {
    expect(negativeBinomialLowerTailBits(10, 10, 3)).toBe(0)
    expect(negativeBinomialLowerTailBits(0, 0, 3)).toBe(0)
    const cases = fc.record({
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      mean: fc.oneof(fc.double({ min: 1, max: 100, noNaN: true }), fc.double({ min: 1, max: 1e7, noNaN: true })),
      shape: fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
    })
    fc.assert(
      fc.property(cases, ({ share, mean, shape }) => {
        const count = Math.floor(share * mean)
        const bits = negativeBinomialLowerTailBits(count, mean, shape)
        expect(bits).toBeGreaterThanOrEqual(0)
        expect(Number.isFinite(bits)).toBe(true)
        expect(negativeBinomialLowerTailBits(Math.floor(count / 2), mean, shape)).toBeGreaterThanOrEqual(bits - 1e-4)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the upper tail of a beta-binomial', () => {
  test('is the sum of its probabilities', () => {
    const cases = fc.record({
      calls: fc.integer({ min: 1, max: 40 }),
      refused: fc.integer({ min: 0, max: 40 }),
      alpha: fc.integer({ min: 1, max: 6 }),
      beta: fc.integer({ min: 1, max: 40 }),
    })
    fc.assert(
      fc.property(cases, ({ calls, refused, alpha, beta }) => {
        fc.pre(refused <= calls && refused > (calls * alpha) / (alpha + beta))
        const expected = summedBetaBinomial(refused, calls, alpha, beta)
        expect(betaBinomialTailBits(refused, calls, alpha, beta)).toBeCloseTo(expected, 8)
      }),
    )
  })

  test('is uniform where alpha and beta are 1', () => {
    expect(betaBinomialTailBits(1000, 1000, 1, 1)).toBeCloseTo(Math.log2(1001), 6)
    expect(betaBinomialTailBits(800, 1000, 1, 1)).toBeCloseTo(Math.log2(1001 / 201), 6)
  })

  test('is worth nothing up to the mean, and less when a token is refused by habit', () => {
    expect(betaBinomialTailBits(5, 100, 1, 19)).toBe(0)
    expect(betaBinomialTailBits(40, 50, 1, 19)).toBeGreaterThan(betaBinomialTailBits(40, 50, 10, 10))
  })

  test('grows with the refused, stays finite, and hardly notices that many calls are scaled down', () => {
    const cases = fc.record({
      calls: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 1_000_000_000 })),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      alpha: fc.double({ min: 0.01, max: 20, noNaN: true }),
      beta: fc.double({ min: 0.3, max: 49, noNaN: true }),
    })
    fc.assert(
      fc.property(cases, ({ calls, share, alpha, beta }) => {
        const refused = Math.floor(share * calls)
        const bits = betaBinomialTailBits(refused, calls, alpha, beta)
        expect(bits).toBeGreaterThanOrEqual(0)
        expect(Number.isFinite(bits)).toBe(true)
        if (refused < calls)
          expect(betaBinomialTailBits(refused + 1, calls, alpha, beta)).toBeGreaterThanOrEqual(bits - 1e-6)
      }),
      { numRuns: 500 },
    )
    expect(betaBinomialTailBits(1500, 2000, 2, 38)).toBeCloseTo(betaBinomialTailBits(1500.75, 2001, 2, 38), 1)
  })
})

describe('the tail of Student’s t', () => {
  const probability = (t: number, freedom: number) => 2 ** -studentTailBits(t, freedom)

  test('is that of tables, and in closed form for one and two degrees of freedom', () => {
    expect(probability(2.228, 10)).toBeCloseTo(0.025, 4)
    expect(probability(1.725, 20)).toBeCloseTo(0.05, 4)
    for (const t of [0.01, 0.5, 1, 3, 40]) {
      expect(probability(t, 1)).toBeCloseTo(0.5 - Math.atan(t) / Math.PI, 9)
      expect(probability(t, 2)).toBeCloseTo(0.5 - t / (2 * Math.sqrt(2 + t * t)), 9)
    }
    expect(studentTailBits(0, 5)).toBe(0)
  })

  test('is worth more for more, and for more degrees of freedom, without end', () => {
    fc.assert(
      fc.property(fc.double({ min: 1.5, max: 50, noNaN: true }), fc.integer({ min: 1, max: 60 }), (t, freedom) => {
        const bits = studentTailBits(t, freedom)
        expect(studentTailBits(t + 0.1, freedom)).toBeGreaterThan(bits)
        expect(studentTailBits(t, freedom + 1)).toBeGreaterThan(bits - 1e-9)
      }),
    )
    expect(studentTailBits(1e6, 40)).toBeGreaterThan(500)
  })
})
