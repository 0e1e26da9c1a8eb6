/** The simulator's randomness: independent streams, uniform and Poisson as they say. */
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/simulate/random.ts'

describe('createRandom', () => {
  it('repeats a stream for equal keys and gives others for other keys', () => {
    const draw = (...keys: (string | number)[]) => {
      const random = createRandom(...keys)
      return Array.from({ length: 8 }, () => random.uint32())
    }
    expect(draw(7, 'token', 1)).toEqual(draw(7, 'token', 1))
    expect(draw(7, 'token', 1)).not.toEqual(draw(7, 'token', 2))
    expect(draw('a', 'bc')).not.toEqual(draw('ab', 'c'))
  })

  it('is uniform: chi-square over 64 cells stays below its 99.9th percentile', () => {
    const random = createRandom('uniform')
    const cells = Array.from({ length: 64 }, () => 0)
    for (let draw = 0; draw < 64_000; draw++) cells[random.int(64)]!++
    const chiSquare = cells.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(103.4)
  })

  it.each([0, 0.3, 4, 29, 31, 200])('has Poisson counts with mean and variance %d', (mean) => {
    const random = createRandom('poisson', mean)
    const draws = Array.from({ length: 20_000 }, () => random.poisson(mean))
    const average = draws.reduce((sum, count) => sum + count, 0) / draws.length
    const variance = draws.reduce((sum, count) => sum + (count - average) ** 2, 0) / draws.length
    expect(Math.abs(average - mean)).toBeLessThanOrEqual(5 * Math.sqrt(mean / draws.length))
    expect(Math.abs(variance - mean)).toBeLessThanOrEqual(0.1 * mean)
  })
})
