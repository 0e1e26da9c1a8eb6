/**
 * A token that makes far more calls in an hour than it ever does at this time.
 *
 * Attack: data pulled out in bulk, or a stolen token put into a script. Signal: calls of the hour, this one included,
 * against the token's own hours of the last four weeks at this time of the day and of the week (profile/frequency.ts).
 * Bits: upper tail of a negative binomial (profile/tails.ts), told in steps of four bits; each step is one finding. An
 * hour is judged every hour, so one in sixteen is worth four bits by chance alone: `bitsMin` keeps those quiet.
 * Blind to: a slow theft that keeps to the usual rate; bursts of under an hour within a busy hour; the first day.
 */
import { z } from 'zod'
import { hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { callsInHour, fitFrequency, frequencyBits } from '../profile/frequency.ts'
import { HOUR_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { createHourlyFit } from './shared/hourly-fit.ts'
import { newStep } from './shared/step.ts'

export const frequencySpike = defineDetector({
  name: 'frequency-spike',
  summary: 'A token that makes far more calls in an hour than it ever does at this time.',
  cause: 'volume',
  settings: z.strictObject({
    callsMin: count('Fewer calls in an hour are never a spike.').default(30),
    bitsMin: z
      .number()
      .min(0)
      .describe('An hour worth fewer bits is no spike. At 8 one hour in some 250 is one by chance, at 4 one in 16.')
      .default(8),
  }),
  create: ({ callsMin, bitsMin }) => {
    const fitFor = createHourlyFit(fitFrequency)
    return {
      name: 'frequency-spike',
      inspect(event, profile) {
        if (isUnauthenticated(event)) return undefined
        const calls = callsInHour(profile, event.timeMs) + 1
        if (calls < callsMin) return undefined
        const hour = hourOf(event.timeMs)
        const fit = fitFor(profile, hour)
        if (fit === undefined) return undefined
        const bits = frequencyBits(fit, calls)
        if (bits < bitsMin) return undefined
        const step = newStep(profile, 'frequency-spike', hour * HOUR_MS, bits)
        if (step === undefined) return undefined
        return {
          ...step,
          seen: `${calls} calls within the hour from ${new Date(hour * HOUR_MS).toISOString().slice(0, 16)}Z`,
          normal:
            `In ${fit.hours} active hours of four weeks a median of ${Math.round(fit.median)} calls, ` +
            `98 % of hours at most ${Math.round(fit.p98)}; ${fit.mean.toFixed(1)} expected at this time`,
          numbers: { calls, mean: fit.mean, shape: fit.shape, hours: fit.hours, tailBits: bits },
        }
      },
    }
  },
})
