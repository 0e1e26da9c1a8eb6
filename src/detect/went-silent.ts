/**
 * A token that made no call for far longer than its rhythm lets expect.
 *
 * Attack: none, or one on a service rather than with a token. A client is down, its credential no longer works, a job was
 * not started again: it concerns availability. Signal: the calls that the token's rhythm let expect of the silent hours,
 * against those of its own longest pause in four weeks (profile/silence.ts); where the peers do less too, less is missed
 * (profile/surges.ts). Bits: the longest of n days is one in n + 1, and pauses beyond it are taken to have a tail of index
 * 3/2, between one that knows no bounds (1) and an exponential one; never more than what the token's active hours can
 * vouch for.
 * Blind to: a token that never comes back, for it is told with the call that ends the silence; what was as quiet at the
 * same hours a week before; the first two weeks; a silence of two weeks and more, of which dormant-token tells, for nobody
 * waits for such a client any more.
 */
import { z } from 'zod'
import { hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { worksByItself } from '../profile/handover.ts'
import { hasHistory } from '../profile/profile.ts'
import { silenceBefore } from '../profile/silence.ts'
import { DAY_MS, HOUR_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { bitsEquation, num } from './shared/arithmetic.ts'
import { STEP_BITS } from './shared/step.ts'
import { durationOf } from './shared/words.ts'

const NAME = 'went-silent'
/** Of the pauses beyond the longest one. */
const TAIL_INDEX = 1.5
const SILENT_MS_MAX = 14 * DAY_MS

export const wentSilent = defineDetector({
  name: NAME,
  summary: 'A token that made no call for far longer than its rhythm lets expect, told when it comes back.',
  cause: 'time',
  concern: 'availability',
  settings: z.strictObject({
    missedMin: count('The longest pause counts as one of so many calls at least.').default(4),
    bitsMin: z.number().min(0).describe('A silence worth fewer bits is no surprise.').default(7),
  }),
  explain(found) {
    const { knownDays = 0, missed = 1, longest = 1, activeHours = 0 } = found.numbers
    const tail = `log2(${num(knownDays)} + 1) + ${TAIL_INDEX} * log2(${num(missed)} / ${num(longest)})`
    return bitsEquation(`min(2 * log2(${num(activeHours)} + 1), ${tail})`, found)
  },
  create: ({ missedMin, bitsMin }) => ({
    name: NAME,
    inspect(event, profile, { peers }) {
      const hour = hourOf(event.timeMs)
      if (!hasHistory(profile) || isUnauthenticated(event) || hour < hourOf(profile.nowMs) + 2) return undefined
      if (!worksByItself(profile, hour)) return undefined
      if (event.timeMs - profile.nowMs >= SILENT_MS_MAX) return undefined
      const silence = silenceBefore(profile, hour)
      if (silence === undefined) return undefined
      const { knownDays, activeHours } = silence
      const missed = silence.missed * Math.min(1, peers.surgeOf(event).day)
      const longest = Math.max(missedMin, silence.longest)
      if (missed <= longest) return undefined
      const tail = Math.log2(knownDays + 1) + TAIL_INDEX * Math.log2(missed / longest)
      const bits = Math.min(2 * Math.log2(activeHours + 1), tail)
      if (bits < bitsMin) return undefined
      return {
        bits,
        seen: `First call after ${durationOf(event.timeMs - profile.nowMs)} without any`,
        normal: `${Math.round(missed)} calls were to be expected meanwhile; no pause of ${Math.round(knownDays)} days missed more than ${Math.round(longest)}`,
        numbers: { knownDays, missed, longest, activeHours },
        bucket: { startMs: hour * HOUR_MS, step: Math.max(1, Math.floor(bits / STEP_BITS)) },
      }
    },
  }),
})
