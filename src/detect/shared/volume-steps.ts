/** How the detectors of volume tell a bucket: in steps of four bits, and as one that goes on for a day after the first. */
import { negativeBinomialTailBits } from '../../profile/tails.ts'
import { TEMPER } from '../../profile/volume.ts'
import type { TokenProfile } from '../../profile/profile.ts'
import { DAY_MS } from '../../settings.ts'
import type { Cause, FoundNumbers } from '../detector.ts'
import { num, stepEquations } from './arithmetic.ts'
import { STEP_BITS, type Step, newStep } from './step.ts'

export interface VolumeStep {
  /** What the bucket is worth in all. */
  readonly tailBits: number
  readonly bits: number
  readonly bucket: Step
  readonly cause?: Cause
}

/**
 * The step that `bits` has newly reached in the bucket. Where the bucket of the day before was told, this one goes on
 * with it: a launch, a migration or a thief at work lasts for hours, and is told whole once.
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
  const tailBits = goesOn ? Math.min(bits, STEP_BITS) : bits
  const step = newStep(profile, detector, bucketMs, tailBits)
  if (step === undefined) return undefined
  return { ...step, tailBits, ...(goesOn ? { cause: 'again' as const } : {}) }
}

/** The arithmetic of volumeBits, from the numbers `count`, `mean`, `shape`, `hours` and `tailBits`. */
export function explainVolume(found: FoundNumbers): string {
  const { count = 0, mean = 0, shape = 1, hours = 0, tailBits = 0 } = found.numbers
  const ratio = negativeBinomialTailBits(count, mean, shape) - negativeBinomialTailBits(1, mean, shape)
  const tail = `nbTail(${num(count)}, ${num(mean)}, ${num(shape)}) - nbTail(1, ${num(mean)}, ${num(shape)})`
  const own = `min(2 * log2(${num(hours)} + 1), ${TEMPER} * (${tail}))`
  const isCut = Math.min(TEMPER * ratio, 2 * Math.log2(hours + 1)) > tailBits + 0.01
  return stepEquations(isCut ? `min(${num(tailBits)}, ${own})` : own, tailBits, found)
}
