/**
 * A token that makes far fewer calls in a day than its days let expect.
 *
 * Attack: none, or one on a service rather than with a token. A client lost some of its machines, a job stops half way, a
 * limit was set too low: it concerns availability. Signal: calls of the last 24 full hours against the same weekday of
 * two weeks, and how far the days before strayed from theirs (profile/shortage.ts); a holiday or an outage that the
 * token's peers have too lets expect less (profile/surges.ts). Bits: tail of Student's t, less those
 * of the times at which a day is judged: it is looked at every hour, which is about six different days in one. Told once,
 * and again when it lasts for more than three days.
 * Blind to: a token that makes no call at all (went-silent tells of it); a slow decline; the first two weeks.
 */
import { z } from 'zod'
import { hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { type TokenProfile, hasHistory } from '../profile/profile.ts'
import { shortageOfDay } from '../profile/shortage.ts'
import { studentTailBits } from '../profile/tails.ts'
import { DAY_MS, HOUR_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { bitsEquation, num } from './shared/arithmetic.ts'
import { STEP_BITS } from './shared/step.ts'

const NAME = 'frequency-drop'
/** Days that one day is, when it is judged every hour. */
const LOOKS = 6
const TOLD_MS = 3 * DAY_MS
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
    return bitsEquation(`tTail(${num(t)}, ${num(freedom)}) - log2(${LOOKS})`, found)
  },
  create: ({ expectedMin, shareMax, bitsMin }) => ({
    name: NAME,
    inspect(event, profile, { peers }) {
      const hour = hourOf(event.timeMs)
      if (!hasHistory(profile) || isUnauthenticated(event) || hour <= hourOf(profile.nowMs)) return undefined
      if (wasTold(profile, NAME, event.timeMs, TOLD_MS)) return undefined
      if (wasTold(profile, 'went-silent', event.timeMs, SILENCE_MS)) return undefined
      const shortage = shortageOfDay(profile, hour - 1, peers.surgeOf(event).day)
      if (shortage === undefined) return undefined
      const { calls, expected, t, ratios, freedom } = shortage
      if (expected < expectedMin || calls > shareMax * expected) return undefined
      const bits = studentTailBits(t, freedom) - Math.log2(LOOKS)
      if (bits < bitsMin) return undefined
      return {
        bits,
        seen: `${calls} calls within the last 24 hours`,
        normal: `${Math.round(expected)} expected from the same weekday of two weeks, as ${ratios} days before were from theirs`,
        numbers: { calls, expected, t, freedom },
        bucket: { startMs: hour * HOUR_MS, step: Math.max(1, Math.floor(bits / STEP_BITS)) },
      }
    },
  }),
})

function wasTold(profile: TokenProfile, detector: string, timeMs: number, withinMs: number): boolean {
  const raised = profile.raised.get(detector)
  return raised !== undefined && timeMs - raised.bucketMs < withinMs
}
