/** What is told of a finding's arithmetic recomputes to the finding's bits, for each detector, on every case. */
import { describe, expect, test } from 'vitest'
import type { DetectorDefinition } from '../../src/detect/detector.ts'
import type { Finding } from '../../src/detect/finding.ts'
import { detectorDefinitions } from '../../src/detect/index.ts'
import { betaBinomialTailBits, negativeBinomialTailBits, studentTailBits } from '../../src/profile/tails.ts'
import { createCaseDetection, play, readCases } from './case-folders.ts'

const FUNCTIONS = {
  log2: Math.log2,
  min: Math.min,
  max: Math.max,
  floor: Math.floor,
  nbTail: negativeBinomialTailBits,
  bbTail: betaBinomialTailBits,
  tTail: studentTailBits,
}
/** Bits are told to two or more decimals. */
const TOLERANCE_BITS = 0.01

/** The value of an expression of shared/arithmetic.ts. */
function valueOf(expression: string): number {
  expect(expression).toMatch(/^[\w\s.,+\-*/()]+$/)
  for (const [name] of expression.matchAll(/[a-z]\w*/gi)) if (!/^e$/i.test(name)) expect(FUNCTIONS).toHaveProperty(name)
  // oxlint-disable-next-line typescript/no-implied-eval -- Only what the two lines above let through.
  const evaluate = new Function(...Object.keys(FUNCTIONS), `return ${expression}`) as (...of: unknown[]) => number
  return evaluate(...Object.values(FUNCTIONS))
}

function check({ bits }: Finding, text: string): void {
  const equations = text.split('; ').filter((part) => part.includes(' = '))
  for (const equation of equations) {
    const [expression = '', result = ''] = equation.split(' = ')
    expect(Math.abs(valueOf(expression) - Number.parseFloat(result))).toBeLessThanOrEqual(TOLERANCE_BITS)
  }
  expect(equations.at(-1)).toMatch(/ = [\d.]+ bits$/)
  expect(Number.parseFloat(equations.at(-1)?.split(' = ')[1] ?? '')).toBeCloseTo(bits, 3)
}

const detection = await createCaseDetection()
const findings = (await Promise.all(readCases().map((one) => play(detection, one)))).flat()

describe.each(detectorDefinitions as readonly DetectorDefinition[])('$name', ({ name, explain }) => {
  const own = findings.filter(({ finding }) => finding.detector === name)

  test('writes out the arithmetic of its findings', { timeout: 30_000 }, () => {
    expect(explain).toBeDefined()
    expect(own.length).toBeGreaterThan(0)
    for (const { finding } of own) check(finding, explain?.(finding) ?? '')
  })
})
