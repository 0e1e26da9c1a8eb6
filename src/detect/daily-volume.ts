/**
 * A token that makes far more calls in a day than its days let expect.
 *
 * Attack: a theft that takes its time, a little more every hour, or a slow ramp. Signal: calls of the 24 hours that end
 * now against what the token's own four weeks let expect of such a day, its trend included (profile/volume.ts). Bits:
 * upper tail of a negative binomial (profile/tails.ts), told in steps of four bits, once a day.
 * Blind to: a ramp as slow as the token's own growth; the first days.
 */
import { z } from 'zod'
import { hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { callsInHour } from '../profile/frequency.ts'
import { createExpectation, volumeBits } from '../profile/volume.ts'
import { DAY_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { explainVolume, volumeStep } from './shared/volume-steps.ts'

const NAME = 'daily-volume'

export const dailyVolume = defineDetector({
  name: NAME,
  summary: 'A token that makes far more calls in a day than its days let expect.',
  cause: 'volume',
  settings: z.strictObject({
    callsMin: count('Fewer calls in a day are never too many.').default(20),
    bitsMin: z.number().min(0).describe('A day worth fewer bits is no surprise.').default(3),
    daysMin: count('Active hours that a token must have behind it, as days of 24.').default(5),
  }),
  explain: explainVolume,
  create: ({ callsMin, bitsMin, daysMin }) => {
    const expectedOf = createExpectation((counts) => counts.learned + counts.held, 24)
    return {
      name: NAME,
      inspect(event, profile) {
        if (isUnauthenticated(event)) return undefined
        const hour = hourOf(event.timeMs)
        const expected = expectedOf(profile, hour)
        const { hours, before, upperMean, upperShape, mean } = expected
        const calls = before + callsInHour(profile, event.timeMs) + 1
        if (calls < callsMin || hours < daysMin * 4 || calls <= upperMean) return undefined
        const bits = volumeBits(expected, calls)
        const step = volumeStep(profile, NAME, Math.floor(event.timeMs / DAY_MS) * DAY_MS, bits, bitsMin)
        if (step === undefined) return undefined
        const { tailBits, ...told } = step
        return {
          ...told,
          seen: `${Math.round(calls)} calls within 24 hours`,
          normal: `${Math.round(mean)} expected in such a day, ${Math.round(upperMean)} at most, from ${hours} active hours of four weeks`,
          numbers: { count: calls, mean: upperMean, shape: upperShape, hours, tailBits },
        }
      },
    }
  },
})
