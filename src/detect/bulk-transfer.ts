/**
 * A token that moves far more bytes in an hour than it ever does at this time.
 *
 * Attack: data pulled out in few large answers, which the number of calls does not show. Signal: bytes in and out of the
 * hour's calls, this one included, against what the token's own hours of four weeks let expect at this time of the day
 * and of the week (profile/volume.ts). Bits: upper tail of a negative binomial over units of `unitBytes`, told in steps of
 * four bits. What follows within a day goes on with what was told.
 * A launch lifts what is expected, from its second hour on (profile/surges.ts).
 * Blind to: logs without sizes; a slow theft that keeps to the usual rate; the first day.
 */
import { z } from 'zod'
import { findHour } from '../profile/frequency.ts'
import { hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { spikeBits } from '../profile/rate.ts'
import { createExpectation } from '../profile/volume.ts'
import { HOUR_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { createBits, explainVolume, surgeWords, volumeStep } from './shared/volume-steps.ts'

const NAME = 'bulk-transfer'

export const bulkTransfer = defineDetector({
  name: NAME,
  summary: 'A token that moves far more bytes in an hour than it ever does at this time.',
  cause: 'volume',
  settings: z.strictObject({
    bytesMin: count('Fewer bytes in an hour are never a bulk transfer.').default(1_000_000),
    unitBytes: count('What bytes are counted in.').default(4096),
    bitsMin: z.number().min(0).describe('An hour worth fewer bits is no surprise.').default(4),
  }),
  explain: explainVolume,
  create: ({ bytesMin, unitBytes, bitsMin }) => {
    const expectedOf = createExpectation((counts) => Math.ceil(counts.bytes / unitBytes))
    const bitsOf = createBits(bitsMin)
    return {
      name: NAME,
      inspect(event, profile, { peers }) {
        if (isUnauthenticated(event)) return undefined
        const hour = hourOf(event.timeMs)
        const counts = findHour(profile, hour)
        const bytes = (counts?.bytes ?? 0) + event.bytesIn + event.bytesOut
        if (bytes < bytesMin) return undefined
        const expected = expectedOf(profile, hour)
        const { observations: hours, upperMean, upperShape, mean } = expected
        const units = Math.ceil(bytes / unitBytes)
        if (bitsOf(expected, units, 1) < bitsMin) return undefined
        const surge = peers.surgeOf(event).hour
        const bits = spikeBits(expected, units, surge)
        const step = volumeStep(profile, NAME, hour * HOUR_MS, bits, bitsMin)
        if (step === undefined) return undefined
        const { tailBits, ...told } = step
        return {
          ...told,
          seen: `${shown(bytes)} moved within the hour from ${new Date(hour * HOUR_MS).toISOString().slice(0, 16)}Z`,
          normal: `${shown(mean * unitBytes)} expected at this time, ${shown(upperMean * unitBytes)} at most, from ${hours} active hours of four weeks${surgeWords(surge)}`,
          numbers: { count: units, mean: upperMean * Math.max(1, surge), shape: upperShape, hours, tailBits },
        }
      },
    }
  },
})

/** Bytes as a person reads them. */
function shown(bytes: number): string {
  const mebibytes = bytes / 2 ** 20
  if (mebibytes >= 1024) return `${(mebibytes / 1024).toFixed(1)} GiB`
  return mebibytes >= 1 ? `${mebibytes.toFixed(1)} MiB` : `${Math.ceil(bytes / 1024)} KiB`
}
