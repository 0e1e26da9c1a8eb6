/**
 * A token whose calls are refused far more often than it is used to.
 *
 * Attack: whoever holds a stolen token tries what it may do, or walks through paths and ids. Signal: the share of 401,
 * 403, 404 and 429 among the calls of an hour, this one included, against the token's own hours of the last four weeks
 * (profile/errors.ts). Bits: upper tail of a beta-binomial (profile/tails.ts), told in steps of four bits.
 * Blind to: an attacker who knows what the token may do; a few refused calls; a client whose calls always fail, which
 * is meant to stay quiet. It cannot tell a broken deployment from an attack: the refused routes can.
 */
import { z } from 'zod'
import { hourOf } from '../profile/calendar.ts'
import { isRefused, isUnauthenticated } from '../profile/dimension.ts'
import { BITS_UNKNOWN_MAX, errorBits, fitErrors } from '../profile/errors.ts'
import { findHour } from '../profile/frequency.ts'
import { HOUR_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { createHourlyFit } from './shared/hourly-fit.ts'
import { newStep } from './shared/step.ts'
import { num, stepEquations } from './shared/arithmetic.ts'

export const errorBurst = defineDetector({
  name: 'error-burst',
  summary: 'A token whose calls are refused far more often than it is used to.',
  cause: 'action',
  settings: z.strictObject({
    refusedMin: count('Fewer refused calls in an hour are never a burst.').default(8),
  }),
  explain(found) {
    const { refused = 0, calls = 0, alpha = 0, beta = 0, hours = 0, tailBits = 0 } = found.numbers
    const tail = `bbTail(${refused}, ${calls}, ${num(alpha)}, ${num(beta)})`
    return stepEquations(`min(max(${BITS_UNKNOWN_MAX}, 2 * log2(${hours} + 1)), ${tail})`, tailBits, found)
  },
  create: ({ refusedMin }) => {
    const fitFor = createHourlyFit(fitErrors)
    return {
      name: 'error-burst',
      inspect(event, profile) {
        if (!isRefused(event)) return undefined
        const hour = hourOf(event.timeMs)
        const counts = findHour(profile, hour)
        const refused = (counts?.refused ?? 0) + 1
        if (refused < refusedMin) return undefined
        const unauthenticated = (counts?.unauthenticated ?? 0) + (isUnauthenticated(event) ? 1 : 0)
        const own = (counts?.learned ?? 0) + (counts?.held ?? 0) + (isUnauthenticated(event) ? 0 : 1)
        const calls = own + unauthenticated
        const fit = fitFor(profile, hour)
        const bits = errorBits(fit, refused, calls)
        const step = newStep(profile, 'error-burst', hour * HOUR_MS, bits)
        if (step === undefined) return undefined
        return {
          ...step,
          seen: `${refused} of ${calls} calls refused (last: ${event.status}) within the hour from ${new Date(hour * HOUR_MS).toISOString().slice(0, 16)}Z`,
          normal: `In ${fit.hours} active hours of four weeks ${fit.refused} of ${fit.calls} calls refused`,
          numbers: { refused, calls, alpha: fit.alpha, beta: fit.beta, hours: fit.hours, tailBits: bits },
        }
      },
    }
  },
})
