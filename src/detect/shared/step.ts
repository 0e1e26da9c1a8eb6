/** Steps of four bits, by which a bucketed detector tells the growth of one bucket in few findings. */
import type { TokenProfile } from '../../profile/profile.ts'

export const STEP_BITS = 4

export interface Step {
  readonly startMs: number
  readonly step: number
}

/**
 * The step that `bits` has newly reached in this bucket, or undefined. A bucket before the latest one that raised
 * something stays silent: what it had raised is no longer known.
 */
export function newStep(
  profile: TokenProfile,
  detector: string,
  bucketMs: number,
  bits: number,
): { bits: number; bucket: Step } | undefined {
  const raised = profile.raised.get(detector)
  if (raised !== undefined && bucketMs < raised.bucketMs) return undefined
  const before = raised !== undefined && raised.bucketMs === bucketMs ? raised.step : 0
  const step = Math.floor(bits / STEP_BITS)
  if (step <= before) return undefined
  return { bits: (step - before) * STEP_BITS, bucket: { startMs: bucketMs, step } }
}
