/**
 * A token that makes far more calls in an hour, or in five minutes, than it ever does at this time.
 *
 * Attack: data pulled out in bulk, or a stolen token put into a script. Signal: calls of the hour, and of the running five
 * minutes, this one included, against what the token's own hours of four weeks let expect at this time of the day and of
 * the week (profile/volume.ts), and against how calls were spread within its hours (profile/five-minutes.ts): so a burst
 * is told while it begins. Bits: upper tail of a negative binomial, given that there were any calls, tempered, and told in
 * steps of four bits, by the hour, of whichever of the two is rarer; an hour has twelve chances to be five rare minutes,
 * so those are worth log2(12) bits less. An hour is judged every hour: `bitsMin` keeps quiet what comes by chance. What
 * follows within a day goes on with what was told.
 * A launch lifts what is expected, from its second hour on (profile/surges.ts).
 * Blind to: a slow theft that keeps to the usual rate; the first day.
 */
import { z } from 'zod'
import type { AccessEvent } from '../event.ts'
import { hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { burstinessBefore, callsInFiveMinutes, fiveMinutesOf, isRunning } from '../profile/five-minutes.ts'
import { callsInHour } from '../profile/frequency.ts'
import type { TokenProfile } from '../profile/profile.ts'
import { type RateFit, fitFiveMinutes, spikeBits } from '../profile/rate.ts'
import { BUCKETS_PER_HOUR } from '../profile/rate/burst.ts'
import { createExpectation } from '../profile/volume.ts'
import { HOUR_MS, MINUTE_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { createHourlyFit } from './shared/hourly-fit.ts'
import { createBits, explainVolume, surgeWords, volumeStep } from './shared/volume-steps.ts'

const NAME = 'frequency-spike'

/** Calls of one stretch of time, and what was expected of it. */
interface Stretch {
  readonly calls: number
  readonly fit: RateFit
  readonly bits: number
  /** Stretches of this length in an hour. */
  readonly looks: number
}

export const frequencySpike = defineDetector({
  name: NAME,
  summary: 'A token that makes far more calls in an hour, or in five minutes, than it ever does at this time.',
  cause: 'volume',
  settings: z.strictObject({
    callsMin: count('Fewer calls are never a spike.').default(10),
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
    const expectedOf = createExpectation((counts) => counts.learned + counts.held)
    const bitsOf = createBits(bitsMin)
    const fineOf = createHourlyFit((profile, hour) =>
      fitFiveMinutes(expectedOf(profile, hour), burstinessBefore(profile.fine, hour)),
    )

    function inHour(profile: TokenProfile, event: AccessEvent, calls: number): Stretch {
      const fit = expectedOf(profile, hourOf(event.timeMs))
      return { calls, fit, bits: bitsOf(fit, calls, 1), looks: 1 }
    }

    /** The five minutes, where they are worth more than their hour. */
    function inFiveMinutes(profile: TokenProfile, event: AccessEvent, hour: Stretch): Stretch {
      if (!isRunning(profile.fine, event.timeMs)) return hour
      const calls = callsInFiveMinutes(profile.fine, fiveMinutesOf(event.timeMs)) + 1
      if (calls < callsMin || calls * BUCKETS_PER_HOUR <= hour.fit.upperMean) return hour
      const fit = fineOf(profile, hourOf(event.timeMs))
      const bits = bitsOf(fit, calls, BUCKETS_PER_HOUR)
      return bits > hour.bits ? { calls, fit, bits, looks: BUCKETS_PER_HOUR } : hour
    }

    return {
      name: NAME,
      inspect(event, profile, { peers }) {
        if (isUnauthenticated(event)) return undefined
        const ofHour = callsInHour(profile, event.timeMs) + 1
        if (ofHour < callsMin) return undefined
        const { calls, fit, bits: bitsAlone, looks } = inFiveMinutes(profile, event, inHour(profile, event, ofHour))
        if (bitsAlone < bitsMin) return undefined
        const surge = peers.surgeOf(event).hour
        const bits = surge > 1 ? spikeBits(fit, calls, surge) - Math.log2(looks) : bitsAlone
        const hourMs = hourOf(event.timeMs) * HOUR_MS
        const step = volumeStep(profile, NAME, hourMs, bits, bitsMin)
        if (step === undefined) return undefined
        const { tailBits, ...told } = step
        const { mean, upperMean, upperShape, observations } = fit
        const startMs = looks === 1 ? hourMs : fiveMinutesOf(event.timeMs) * 5 * MINUTE_MS
        return {
          ...told,
          seen: `${calls} calls within the ${looks === 1 ? 'hour' : 'five minutes'} from ${new Date(startMs).toISOString().slice(0, 16)}Z`,
          normal: `${shown(mean)} expected at this time, ${shown(upperMean)} at most, from ${observations} active hours of four weeks${surgeWords(surge)}`,
          numbers: {
            count: calls,
            mean: upperMean * Math.max(1, surge),
            shape: upperShape,
            hours: observations,
            looks,
            tailBits,
          },
        }
      },
    }
  },
})

function shown(mean: number): string {
  return mean < 10 ? mean.toFixed(1) : String(Math.round(mean))
}
