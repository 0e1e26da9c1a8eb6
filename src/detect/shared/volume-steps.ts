/** How the detectors of volume tell a bucket: in steps of four bits, and as one that goes on for a day after the first. */
import type { TokenProfile } from '../../profile/profile.ts'
import { DAY_MS } from '../../settings.ts'
import type { Cause } from '../detector.ts'
import { STEP_BITS, type Step, newStep } from './step.ts'

export interface VolumeStep {
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
  const step = newStep(profile, detector, bucketMs, goesOn ? Math.min(bits, STEP_BITS) : bits)
  if (step === undefined) return undefined
  return goesOn ? { ...step, cause: 'again' } : step
}
