/**
 * A token that makes far more calls in a day than its days let expect.
 *
 * Attack: a theft that takes its time, a little more every hour, or a slow ramp. Signal: calls of the 24 hours that end
 * now against the same weekday of the two weeks before, its growth included (profile/days.ts). Bits: upper tail of a
 * negative binomial (profile/tails.ts), tempered, told in steps of four bits, once a day.
 * A day on which its peers do more too lets expect more (profile/surges.ts).
 * Blind to: a ramp as slow as the token's own growth; the first days.
 */
import { z } from 'zod'
import { hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { callsInHour } from '../profile/frequency.ts'
import { expectedOfDay } from '../profile/days.ts'
import { spikeBits } from '../profile/rate.ts'
import { DAY_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { createHourlyFit } from './shared/hourly-fit.ts'
import { explainVolume, surgeWords, volumeStep } from './shared/volume-steps.ts'

const NAME = 'daily-volume'

export const dailyVolume = defineDetector({
  name: NAME,
  summary: 'A token that makes far more calls in a day than its days let expect.',
  cause: 'volume',
  settings: z.strictObject({
    callsMin: count('Fewer calls in a day are never too many.').default(20),
    bitsMin: z.number().min(0).describe('A day worth fewer bits is no surprise.').default(2),
  }),
  explain: explainVolume,
  create: ({ callsMin, bitsMin }) => {
    const expectedOf = createHourlyFit(expectedOfDay)
    return {
      name: NAME,
      inspect(event, profile, { peers }) {
        if (isUnauthenticated(event)) return undefined
        const hour = hourOf(event.timeMs)
        const expected = expectedOf(profile, hour)
        if (expected === undefined) return undefined
        const { observations, before, mean, upperMean, upperShape } = expected
        const now = callsInHour(profile, event.timeMs) + 1
        const calls = before + now
        if (calls < callsMin || calls <= mean) return undefined
        if (spikeBits(expected, now) < bitsMin) return undefined
        const surge = peers.surgeOf(event).day
        const bits = spikeBits(expected, now, surge)
        const step = volumeStep(profile, NAME, Math.floor(event.timeMs / DAY_MS) * DAY_MS, bits, bitsMin)
        if (step === undefined) return undefined
        const { tailBits, ...told } = step
        return {
          ...told,
          seen: `${Math.round(calls)} calls within 24 hours`,
          normal: `${Math.round(mean)} expected from the same weekday of two weeks, as ${observations} days before were from theirs${surgeWords(surge)}`,
          numbers: {
            count: calls,
            mean: upperMean * Math.max(1, surge),
            shape: upperShape,
            hours: observations,
            tailBits,
          },
        }
      },
    }
  },
})
