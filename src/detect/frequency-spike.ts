/**
 * A token that makes far more calls in an hour than it ever does at this time.
 *
 * Attack: data pulled out in bulk, or a stolen token put into a script. Signal: calls of the hour, this one included,
 * against what the token's own hours of four weeks let expect at this time of the day and of the week
 * (profile/volume.ts). Bits: upper tail of a negative binomial, given that there were any calls, tempered, and told in
 * steps of four bits; an hour is judged every hour, so `bitsMin` keeps quiet what comes by chance. What follows within a
 * day goes on with what was told.
 * Blind to: a slow theft that keeps to the usual rate; the first day.
 */
import { z } from 'zod'
import { hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { callsInHour } from '../profile/frequency.ts'
import { createExpectation, volumeBits } from '../profile/volume.ts'
import { HOUR_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { explainVolume, volumeStep } from './shared/volume-steps.ts'

const NAME = 'frequency-spike'

export const frequencySpike = defineDetector({
  name: NAME,
  summary: 'A token that makes far more calls in an hour than it ever does at this time.',
  cause: 'volume',
  settings: z.strictObject({
    callsMin: count('Fewer calls in an hour are never a spike.').default(10),
    bitsMin: z
      .number()
      .min(0)
      .describe(
        'An hour worth fewer bits is no spike. The likelihood is tempered: at 4 one hour in some 250 is one by chance.',
      )
      .default(4),
  }),
  explain: explainVolume,
  create: ({ callsMin, bitsMin }) => {
    const expectedOf = createExpectation((counts) => counts.learned + counts.held, 1)
    return {
      name: NAME,
      inspect(event, profile) {
        if (isUnauthenticated(event)) return undefined
        const calls = callsInHour(profile, event.timeMs) + 1
        if (calls < callsMin) return undefined
        const hour = hourOf(event.timeMs)
        const expected = expectedOf(profile, hour)
        const { hours, upperMean, upperShape, mean } = expected
        const bits = volumeBits(expected, calls)
        const step = volumeStep(profile, NAME, hour * HOUR_MS, bits, bitsMin)
        if (step === undefined) return undefined
        const { tailBits, ...told } = step
        return {
          ...told,
          seen: `${calls} calls within the hour from ${new Date(hour * HOUR_MS).toISOString().slice(0, 16)}Z`,
          normal: `${shown(mean)} expected at this time, ${shown(upperMean)} at most, from ${hours} active hours of four weeks`,
          numbers: { count: calls, mean: upperMean, shape: upperShape, hours, tailBits },
        }
      },
    }
  },
})

function shown(mean: number): string {
  return mean < 10 ? mean.toFixed(1) : String(Math.round(mean))
}
