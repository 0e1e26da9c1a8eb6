/**
 * The arithmetic of findings in writing. One line of equations with a semicolon between them, each `EXPRESSION = NUMBER`,
 * the last of which ends in `bits` and is the finding's; what has no equals sign is a remark. Expressions hold numbers,
 * + - * / and parentheses, log2, min, max, floor, and the tails of profile/tails.ts: nbTail(count, mean, shape) and
 * bbTail(refused, calls, alpha, beta), both -log2 of the probability of so many or more, and tTail(t, freedom).
 */
import type { FoundNumbers } from '../detector.ts'
import { STEP_BITS } from './step.ts'

/** Six significant digits: enough to recompute bits to a hundredth. */
export function num(value: number): string {
  return String(Number(value.toPrecision(6)))
}

/** The equation of the finding's own bits. */
export function bitsEquation(expression: string, { bits }: FoundNumbers, remark = ''): string {
  return `${expression} = ${num(bits)} bits${remark === '' ? '' : `; ${remark}`}`
}

/** The expression, at most the finding's bits where it comes to more: a setting bounds it. */
export function bounded(expression: string, value: number, { bits }: FoundNumbers): string {
  return value <= bits + 0.01 ? expression : `min(${num(bits)}, ${expression})`
}

/** Of a detector that tells a bucket's bits in steps: those of the bucket, and what this finding adds to earlier ones. */
export function stepEquations(expression: string, bucketBits: number, found: FoundNumbers): string {
  const before = found.step - found.bits / STEP_BITS
  const steps = `${STEP_BITS} * (floor(${num(bucketBits)} / ${STEP_BITS}) - ${num(before)})`
  const remark = before > 0 ? `${num(before)} steps of the bucket were told before` : ''
  return `${expression} = ${num(bucketBits)}; ${bitsEquation(steps, found, remark)}`
}

/** Pitman and Yor's mass of the unseen, in bits (profile/novelty.ts). */
export function newValueExpression(n: number, k: number, delta: number): string {
  return `-log2((1 + ${num(delta)} * ${num(k)}) / (${num(n)} + 1))`
}

/** Bits that are no statistics: a prior that stands in the settings, told once for each time that it gets worse. */
export function priorEquation(found: FoundNumbers): string {
  const remark = 'a prior of the settings, less what was told of it before'
  return bitsEquation(num(found.bits), found, remark)
}
