/** What is learned of a token, how soon, and how much of it is kept in memory: the `learning` section. */
import { z } from 'zod'
import { DAY_MS, HOUR_MS, count, durationMs } from '../settings.ts'

export const learningSettings = z.strictObject({
  quarantineBits: z
    .number()
    .min(0)
    .default(10)
    .describe(
      'An event teaches nothing at once while its incident, this event included, stands at or above this many bits. ' +
        'Fixed on purpose: were it the alert threshold, raising that would change later findings.',
    ),
  adoptAfterMs: durationMs(
    'A value in quarantine counts as known once this long has passed since it was first seen and the token has had no ' +
      'finding for alerting.incidentGapMs.',
  )
    .min(HOUR_MS)
    .default(14 * DAY_MS),
  peers: z
    .boolean()
    .default(true)
    .describe(
      'Whether a value that is new to a token is weighed by how far other tokens know it. What other partitions know is ' +
        'taken as of some minutes before, so that two runs may differ a little; without it they never do.',
    ),
  // Not fewer than the sources that turns.ts remembers: those are read back from the values.
  valuesMax: count('Values kept per token and dimension; the latest seen are kept.', 16).max(65_536).default(512),
  profilesMax: count('Profiles held in memory; the others are loaded again from ClickHouse when they are needed.', 100)
    .max(10_000_000)
    .default(100_000),
})
export type LearningSettings = z.infer<typeof learningSettings>
