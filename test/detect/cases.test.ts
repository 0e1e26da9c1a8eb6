/** Every case of test/cases: what its detector finds, at which event and for how many bits, or that it is quiet. */
import { describe, expect, test } from 'vitest'
import { createCaseDetection, play, readCases } from './case-folders.ts'

const detection = await createCaseDetection()

describe.each([...Map.groupBy(readCases(), ({ detector }) => detector)])('%s', (detector, cases) => {
  test.each(cases)('$name: $says', { timeout: 30_000 }, async (one) => {
    const found = (await play(detection, one)).filter(({ finding }) => finding.detector === detector)
    expect(found.map(({ line }) => line)).toEqual(one.expected.map(({ line }) => line))
    for (const [index, { finding }] of found.entries()) {
      expect(Math.abs(finding.bits - (one.expected[index]?.bits ?? 0))).toBeLessThanOrEqual(0.05)
      expect(finding.seen).not.toBe('')
      expect(finding.normal).not.toBe('')
      expect(Object.values(finding.numbers).every(Number.isFinite)).toBe(true)
    }
  })
})
