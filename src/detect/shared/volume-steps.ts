/** How the detectors of volume tell a bucket: in steps of four bits, and as one that goes on for a day after the first. */
import { type RateFit, TEMPER, spikeBits } from '../../profile/rate.ts'
import type { TokenProfile } from '../../profile/profile.ts'
import { DAY_MS } from '../../settings.ts'
import type { Cause, FoundNumbers } from '../detector.ts'
import { bitsEquation, num, stepEquations } from './arithmetic.ts'
import { STEP_BITS, type Step, newStep } from './step.ts'

export interface VolumeStep {
  /** What the bucket is worth in all. */
  readonly tailBits: number
  readonly bits: number
  readonly bucket: Step
  readonly cause?: Cause
}

/**
 * The step that `bits` has newly reached in the bucket. Where a bucket of the day before was told, this one goes on with
 * it: a launch, a migration or a thief at work lasts for hours, and is told whole once. A step higher than all that it goes
 * on with is news.
 * @param bitsMin less than this is no surprise, for a bucket is judged every hour.
 */
export function volumeStep(
  profile: TokenProfile,
  detector: string,
  bucketMs: number,
  bits: number,
  bitsMin: number,
): VolumeStep | undefined {
  if (bits < bitsMin) return undefined
  const raised = profile.raised.get(detector)
  const goesOn = raised !== undefined && bucketMs > raised.bucketMs && bucketMs - raised.bucketMs <= DAY_MS
  const step = Math.floor(bits / STEP_BITS)
  if (goesOn && step > 0 && step <= raised.step) {
    // The highest step so far goes with it, so that the next bucket knows what it goes on with.
    return { tailBits: bits, bits: STEP_BITS, bucket: { startMs: bucketMs, step: raised.step }, cause: 'again' }
  }
  const told = newStep(profile, detector, bucketMs, bits)
  return told === undefined ? undefined : { ...told, tailBits: bits }
}

/** How much further a count may grow unseen, where even then it is worth too little. */
const AHEAD = 1.5

/**
 * Makes a function for the bits of a count under a fit, less those of so many looks; 0 where they are fewer than `bitsMin`.
 * A bucket is judged with each of its calls, so one look ahead answers for many of them.
 */
export function createBits(bitsMin: number) {
  const quietUntil = new WeakMap<RateFit, number>()
  return function bitsOf(fit: RateFit, count: number, looks: number): number {
    if (count <= (quietUntil.get(fit) ?? fit.upperMean)) return 0
    const bits = spikeBits(fit, count) - Math.log2(looks)
    if (bits >= bitsMin) return bits
    const ahead = count * AHEAD
    if (spikeBits(fit, ahead) - Math.log2(looks) < bitsMin) quietUntil.set(fit, ahead)
    return 0
  }
}

/**
 * The arithmetic of spikeBits, from the numbers `count`, `mean`, `shape`, `hours` and `tailBits`, and `looks`, 1 where it
 * is not told.
 */
export function explainVolume(found: FoundNumbers): string {
  const { count = 0, mean = 0, shape = 1, hours = 0, looks = 1, tailBits = 0 } = found.numbers
  const tail = `nbTail(${num(count)}, ${num(mean)}, ${num(shape)}) - nbTail(1, ${num(mean)}, ${num(shape)})`
  const tempered = `min(2 * log2(${num(hours)} + 1), ${TEMPER} * (${tail}))`
  const own = looks === 1 ? tempered : `${tempered} - log2(${num(looks)})`
  if (found.cause !== 'again') return stepEquations(own, tailBits, found)
  return `${own} = ${num(tailBits)}; ${bitsEquation(String(STEP_BITS), found, 'it goes on with what was told within the day before')}`
}

/** What the peers do, where that lifts what is expected. */
export function surgeWords(surge: number): string {
  return surge > 1 ? `; its peers are at ${surge.toFixed(1)} times their usual` : ''
}
