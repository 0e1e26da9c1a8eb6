/** A burst of calls of one kind, as a share of the hour's calls; shared by the detectors that count answers by the hour. */
import type { AccessEvent } from '../../event.ts'
import type { HourCounts } from '../../profile/hours.ts'
import { hourOf } from '../../profile/calendar.ts'
import { isUnauthenticated } from '../../profile/dimension.ts'
import { BITS_UNKNOWN_MAX, errorBits, fitErrors } from '../../profile/errors.ts'
import { findHour } from '../../profile/frequency.ts'
import { HOUR_MS } from '../../settings.ts'
import type { Detector, FoundNumbers } from '../detector.ts'
import { num, stepEquations } from './arithmetic.ts'
import { createHourlyFit } from './hourly-fit.ts'
import { newStep } from './step.ts'

export interface ShareBurst {
  readonly detector: string
  /** What became of the calls that are counted, in a sentence: `refused`. */
  readonly word: string
  readonly isOne: (event: AccessEvent) => boolean
  /** Those of an hour, this event left out. */
  readonly countOf: (counts: HourCounts) => number
  /** Fewer in an hour are never a burst. */
  readonly countMin: number
  /** Most bits of an hour. */
  readonly bitsMax: number
}

export function createShareBurst({
  detector,
  word,
  isOne,
  countOf,
  countMin,
  bitsMax,
}: ShareBurst): Detector['inspect'] {
  const fitFor = createHourlyFit((profile, hour) => fitErrors(profile, hour, countOf))
  return function inspectShare(event, profile) {
    if (!isOne(event)) return undefined
    const hour = hourOf(event.timeMs)
    const counts = findHour(profile, hour)
    const refused = (counts === undefined ? 0 : countOf(counts)) + 1
    if (refused < countMin) return undefined
    const unauthenticated = (counts?.unauthenticated ?? 0) + (isUnauthenticated(event) ? 1 : 0)
    const own = (counts?.learned ?? 0) + (counts?.held ?? 0) + (isUnauthenticated(event) ? 0 : 1)
    const calls = own + unauthenticated
    const fit = fitFor(profile, hour)
    const tailBits = Math.min(bitsMax, errorBits(fit, refused, calls))
    const step = newStep(profile, detector, hour * HOUR_MS, tailBits)
    if (step === undefined) return undefined
    const { hours, alpha, beta } = fit
    return {
      ...step,
      seen: `${refused} of ${calls} calls ${word} (last: ${event.status}) within the hour from ${new Date(hour * HOUR_MS).toISOString().slice(0, 16)}Z`,
      normal: `In ${hours} active hours of four weeks ${fit.refused} of ${fit.calls} calls ${word}`,
      numbers: { refused, calls, alpha, beta, hours, tailBits, ...(Number.isFinite(bitsMax) ? { bitsMax } : {}) },
    }
  }
}

export function shareBurstEquations(found: FoundNumbers): string {
  const { refused = 0, calls = 0, alpha = 0, beta = 0, hours = 0, tailBits = 0, bitsMax } = found.numbers
  const tail = `bbTail(${refused}, ${calls}, ${num(alpha)}, ${num(beta)})`
  const bounded = `min(max(${BITS_UNKNOWN_MAX}, 2 * log2(${hours} + 1)), ${tail})`
  return stepEquations(bitsMax === undefined ? bounded : `min(${bitsMax}, ${bounded})`, tailBits, found)
}
