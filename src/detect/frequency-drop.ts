/**
 * A token that makes far fewer calls in a day than its days let expect.
 *
 * Attack: none, or one on a service rather than with a token. A client lost some of its machines, a job stops half way, a
 * limit was set too low: it concerns availability. Signal: calls of the last 24 full hours, and of those three hours
 * before, against the same weekday of two weeks, and how far the days before strayed from theirs (profile/shortage.ts); a
 * holiday or an outage that the token's peers have too lets expect less (profile/surges.ts). Bits: tail of Student's t. On
 * simulated tokens one day in 1,700 came to 8.5 bits by chance, which are one in 360: that a day is judged every hour is
 * made up for by the two days that must agree. Told once, and again when it lasts for more than three days.
 * Blind to: a day without any call (went-silent tells of it, and people have days off); a slow decline; the first two weeks.
 */
import { z } from 'zod'
import { hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { worksByItself } from '../profile/handover.ts'
import { type TokenProfile, hasHistory } from '../profile/profile.ts'
import { type Shortage, shortageOfDay } from '../profile/shortage.ts'
import { studentTailBits } from '../profile/tails.ts'
import { DAY_MS, HOUR_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { bitsEquation, num } from './shared/arithmetic.ts'
import { STEP_BITS } from './shared/step.ts'

const NAME = 'frequency-drop'
const TOLD_MS = 3 * DAY_MS
/** The day that ended so much before must be a drop too: a batch that runs later, or by other clocks, is none. */
const LATE_HOURS = 3
/** A day that was silent in part is what went-silent told of. */
const SILENCE_MS = DAY_MS

export const frequencyDrop = defineDetector({
  name: NAME,
  summary: 'A token that makes far fewer calls in a day than its days let expect.',
  cause: 'volume',
  concern: 'availability',
  settings: z.strictObject({
    expectedMin: count('Where fewer calls are expected of a day, no day is a drop.').default(30),
    shareMax: z.number().min(0).max(1).describe('More than this share of what is expected is no drop.').default(0.6),
    bitsMin: z.number().min(0).describe('A day worth fewer bits is no surprise.').default(8.5),
  }),
  explain(found) {
    const { t = 0, freedom = 1 } = found.numbers
    return bitsEquation(`tTail(${num(t)}, ${num(freedom)})`, found)
  },
  create: ({ expectedMin, shareMax, bitsMin }) => {
    function judge(shortage: Shortage | undefined): (Shortage & { readonly bits: number }) | undefined {
      if (shortage === undefined) return undefined
      const { calls, expected, t, freedom } = shortage
      if (calls === 0 || expected < expectedMin || calls > shareMax * expected) return undefined
      const bits = studentTailBits(t, freedom)
      return bits < bitsMin ? undefined : { ...shortage, bits }
    }
    return {
      name: NAME,
      inspect(event, profile, { peers }) {
        const hour = hourOf(event.timeMs)
        if (!hasHistory(profile) || isUnauthenticated(event) || hour <= hourOf(profile.nowMs)) return undefined
        if (wasTold(profile, NAME, event.timeMs, TOLD_MS)) return undefined
        if (wasTold(profile, 'went-silent', event.timeMs, SILENCE_MS)) return undefined
        if (!worksByItself(profile, hour - LATE_HOURS)) return undefined
        const surge = peers.surgeOf(event).day
        const found = judge(shortageOfDay(profile, hour - 1, surge))
        if (found === undefined || judge(shortageOfDay(profile, hour - 1 - LATE_HOURS, surge)) === undefined)
          return undefined
        const { calls, expected, t, ratios, freedom, bits } = found
        return {
          bits,
          seen: `${calls} calls within the last 24 hours`,
          normal: `${Math.round(expected)} expected from the same weekday of two weeks, as ${ratios} days before were from theirs`,
          numbers: { calls, expected, t, freedom },
          bucket: { startMs: hour * HOUR_MS, step: Math.max(1, Math.floor(bits / STEP_BITS)) },
        }
      },
    }
  },
})

function wasTold(profile: TokenProfile, detector: string, timeMs: number, withinMs: number): boolean {
  const raised = profile.raised.get(detector)
  return raised !== undefined && timeMs - raised.bucketMs < withinMs
}
