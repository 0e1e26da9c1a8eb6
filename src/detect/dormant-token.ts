/**
 * A token that wakes after a silence far longer than its own pauses.
 *
 * Attack: a forgotten token, found in an old script, an image or a leaver's laptop. Signal: the time since the token's
 * latest call against the pauses between its active days. Bits: with m pauses that span S days, exponential pauses with
 * an unknown rate give P(pause >= g) = (S / (S + g))^m, the Lomax predictive tail; at most `bitsMax`, for pauses are
 * not exponential. A monthly batch is not surprised by its month.
 * Blind to: silences that outlast the window of six months, after which a token is as good as unknown; tokens that were
 * used on one day only.
 */
import { z } from 'zod'
import { activeDays } from '../profile/activity.ts'
import { hourOf } from '../profile/calendar.ts'
import { worksByItself } from '../profile/handover.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { DAY_MS, durationMs } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { durationOf } from './shared/words.ts'
import { bitsEquation, bounded, num } from './shared/arithmetic.ts'

export const dormantToken = defineDetector({
  name: 'dormant-token',
  summary: 'A token that wakes after a silence far longer than its own pauses.',
  cause: 'time',
  settings: z.strictObject({
    silentMsMin: durationMs('Shorter silences are never dormancy.').default(14 * DAY_MS),
    bitsMax: z.number().min(0).describe('Bits that a wake-up is worth at most.').default(12),
  }),
  explain(found) {
    const { silentDays = 0, pauses = 0, spanDays = 1 } = found.numbers
    const value = pauses * Math.log2((spanDays + silentDays) / spanDays)
    const expression = `${num(pauses)} * log2((${num(spanDays)} + ${num(silentDays)}) / ${num(spanDays)})`
    return bitsEquation(bounded(expression, value, found), found)
  },
  create: ({ silentMsMin, bitsMax }, { findingBitsMin }) => ({
    name: 'dormant-token',
    inspect(event, profile) {
      const silentMs = event.timeMs - profile.nowMs
      if (profile.nowMs === 0 || silentMs < silentMsMin || isUnauthenticated(event)) return undefined
      if (!worksByItself(profile, hourOf(event.timeMs))) return undefined
      const days = activeDays(profile.activity)
      const pauses = days.length - 1
      const spanDays = (days.at(-1) ?? 0) - (days[0] ?? 0)
      if (pauses < 1) return undefined
      const bits = Math.min(bitsMax, pauses * Math.log2((spanDays + silentMs / DAY_MS) / spanDays))
      if (bits < findingBitsMin) return undefined
      return {
        bits,
        seen: `Used again after ${durationOf(silentMs)} of silence`,
        normal: `Used on ${days.length} of ${spanDays + 1} days, then not since ${new Date(profile.nowMs).toISOString()}`,
        numbers: { silentDays: silentMs / DAY_MS, pauses, spanDays },
      }
    },
  }),
})
