/** When findings become an alert: the `alerting` section. */
import { z } from 'zod'
import { DAY_MS, HOUR_MS, MINUTE_MS, durationMs } from '../settings.ts'

/** False alerts a day unless set otherwise: what one person on call looks at beside other work. */
const BUDGET_PER_DAY = 3
/** Bits at which an incident alerts while no budget says otherwise. The one place for this number. */
export const THRESHOLD_BITS = 12

export const alertingSettings = z.strictObject({
  budgetPerDay: z
    .union([z.number().min(0.01).max(1_000_000), z.literal('off')])
    .default(BUDGET_PER_DAY)
    .describe(
      'False alerts a day that the whole team can stand. The threshold of each day (UTC, event time) follows from the ' +
        'incidents of the 28 days before it; until 7 of them had traffic, thresholdBits applies. Less than one is fine: ' +
        '0.2 is one a week or so. off: thresholdBits always. `tokenwatch explain --threshold` shows what it came to.',
    ),
  thresholdBits: z
    .number()
    .min(1)
    .max(1024)
    .default(THRESHOLD_BITS)
    .describe(
      'The fixed threshold, where budgetPerDay is off or knows too few days yet. An incident alerts when its findings ' +
        'sum up to the threshold (low), and again at 4, 8 and 16 bits above (medium, high, critical). What a threshold ' +
        'catches and costs is measured in docs/detection.md; what another one would have told of your own traffic says ' +
        '`tokenwatch backtest`.',
    ),
  evidence: z
    .strictObject({
      coincidenceWindowMs: durationMs('Findings within this time of the first of them are weighed together.')
        .min(MINUTE_MS)
        .default(HOUR_MS),
      coincidenceBits: z
        .number()
        .min(0)
        .max(64)
        .default(3)
        .describe('What each further cause in one window adds: unusual source, client, action, volume, time, company.'),
      driftBits: z
        .number()
        .min(0)
        .max(64)
        .default(2.5)
        .describe('Taken from each cause of a window, for some new value comes in every week. Facts pay none.'),
      driftFree: z
        .array(z.string())
        .default(['new-country'])
        .describe(
          'Detectors whose findings pay no drift. A token that was used from one country moves to another far less ' +
            'often than to another address, client or endpoint.',
        ),
      carriedBitsMax: z
        .number()
        .min(0)
        .max(64)
        .default(1)
        .describe('What a window takes over at most from what was found before it.'),
      halfLifeMs: durationMs('Time in which what was found before counts for half.').min(HOUR_MS).default(DAY_MS),
    })
    .prefault({})
    .describe('How findings of one token add up.'),
  incidentGapMs: durationMs('Findings of one subject at most this far apart, in event time, are one incident.')
    .min(MINUTE_MS)
    .default(6 * HOUR_MS),
  notifyFrom: z.iso
    .datetime({ offset: true })
    .optional()
    .describe(
      'RFC 3339 time. Alerts of events before it are recorded as suppressed and never sent. Unset: the start of the ' +
        'first run, so that retained history teaches without paging anyone.',
    ),
})
export type AlertingSettings = z.infer<typeof alertingSettings>
