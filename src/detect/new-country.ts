/**
 * A token used from a country that it was never used from.
 *
 * Attack: a stolen token used from where the thief is. Signal: the top of the network chain, country by geoip-lite;
 * for sources without a geography the class of the source (`private`, `cloud-service`), so that a token which leaves a
 * private network shows too. Bits: Pitman-Yor's mass of the unseen over the token's active hours (profile/novelty.ts).
 * Blind to: a thief in the same country, a proxy there, tokens with little history, errors of the geo database.
 */
import { z } from 'zod'
import { noveltyOf } from '../profile/novelty.ts'
import { countryName } from '../text.ts'
import { defineDetector } from './detector.ts'
import { explainNovelty, noveltyObservation } from './shared/novelty-observation.ts'
import { sourceOf } from './shared/words.ts'

export const newCountry = defineDetector({
  name: 'new-country',
  summary: 'A token used from a country that it was never used from.',
  cause: 'source',
  settings: z.strictObject({}),
  explain: explainNovelty,
  create: (_settings, { findingBitsMin }) => ({
    name: 'new-country',
    inspect(event, profile, context) {
      const novelty = noveltyOf(profile, 'network', event, context.peers)
      if (novelty === undefined || novelty.level !== 0 || novelty.bits < findingBitsMin) return undefined
      return noveltyObservation(novelty, {
        call: `from ${countryName(novelty.levels[0] ?? '')}: ${sourceOf(event)}`,
        siblings: novelty.siblingCount === 1 ? 'country' : 'countries',
      })
    },
  }),
})
