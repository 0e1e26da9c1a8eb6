/** Settings of the room: targets, and how long and how late alerts are delivered. */
import { z } from 'zod'
import { HOUR_MS, MINUTE_MS, count, durationMs } from '../settings.ts'
import { targetSettings } from './index.ts'

const retrySettings = z.strictObject({
  initialMs: durationMs('Wait before the second attempt; it doubles with each further one.').min(1).default(1000),
  maxMs: durationMs('Longest wait between two attempts.')
    .min(1)
    .default(10 * MINUTE_MS),
  attemptsMax: count(
    'Attempts of one alert at one target. With the default waits the last comes about five hours after the first.',
  ).default(40),
  retryAfterMaxMs: durationMs('Longest wait that a target may ask for by Retry-After.').default(HOUR_MS),
})

export const notifySettings = z.strictObject({
  maxAgeMs: durationMs(
    'Alerts whose event is older than this when they would be delivered go into one digest a target. 0: no limit.',
  ).default(6 * HOUR_MS),
  timeoutMs: durationMs('Time limit of one call, the answer included.').min(1).default(10_000),
  retry: retrySettings.prefault({}).describe('Retries of a failed delivery.'),
  targets: z
    .record(z.string().regex(/^[a-z0-9-]+$/, { error: 'expected a name of a-z, 0-9 and -' }), targetSettings)
    .prefault({ terminal: { type: 'terminal' } })
    .describe('Where alerts go, by a name of your own. Left out: to the terminal.'),
})
export type NotifySettings = z.infer<typeof notifySettings>
