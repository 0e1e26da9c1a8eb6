/** The `detect` section: what all detectors share, and each detector's own settings under its name. */
import { z } from 'zod'
import { detectorDefinitions } from './index.ts'

const detectors = Object.fromEntries(
  detectorDefinitions.map((definition) => [
    definition.name,
    z
      .strictObject({
        enabled: z.boolean().default(true).describe('Whether this detector answers at all.'),
        ...definition.settings.shape,
      })
      .prefault({})
      .describe(definition.summary),
  ]),
)

export const detectSettings = z.strictObject({
  findingBitsMin: z
    .number()
    .min(0.5)
    .max(64)
    .default(2)
    .describe('A detector stays silent below this many bits. It decides what is stored as a finding and what sums up.'),
  detectors: z.strictObject(detectors).prefault({}).describe('The settings of each detector, under its name.'),
})
export type DetectSettings = z.infer<typeof detectSettings>
