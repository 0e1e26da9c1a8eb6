/**
 * A token used from a network that it was never used from, in a country that it is known in.
 *
 * Attack: a stolen token used through another provider, often a hosting network, of the same country. Signal: the
 * second level of the network chain: the autonomous system where a database is configured, else the prefix.
 * Bits: Pitman-Yor's mass of the unseen over the country's active days (profile/novelty.ts); 30 days give at most 5.
 * Blind to: a thief on the same network; loud at first for tokens of travelling people, who soon earn fewer bits.
 */
import { z } from 'zod'
import { noveltyOf } from '../profile/novelty.ts'
import { countryName } from '../text.ts'
import { defineDetector } from './detector.ts'
import { explainNovelty, noveltyObservation } from './shared/novelty-observation.ts'
import { sourceOf } from './shared/words.ts'

export const newNetwork = defineDetector({
  name: 'new-network',
  summary: 'A token used from a network that it was never used from, in a known country.',
  cause: 'source',
  settings: z.strictObject({}),
  explain: explainNovelty,
  create: (_settings, { findingBitsMin }) => ({
    name: 'new-network',
    inspect(event, profile, context) {
      const novelty = noveltyOf(profile, 'network', event, context.peers)
      if (novelty === undefined || novelty.level !== 1 || novelty.bits < findingBitsMin) return undefined
      return noveltyObservation(novelty, {
        call: `from network ${event.network}: ${sourceOf(event)}`,
        siblings: `network${novelty.siblingCount === 1 ? '' : 's'} in ${countryName(novelty.levels[0] ?? '')}`,
      })
    },
  }),
})
