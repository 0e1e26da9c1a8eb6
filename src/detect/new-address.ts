/**
 * A token used from an address that it was never used from, on a network that it is known on.
 *
 * Attack: a stolen token used from another machine of the same provider or cloud region. Signal: the third and fourth
 * level of the network chain, prefix and address (IPv6 addresses are collapsed to their /64). Bits: Pitman-Yor's mass
 * of the unseen over the parent's active days (profile/novelty.ts): a server with one address is surprised by a second,
 * a phone or a pool of build machines is not.
 * Blind to: a thief behind the same gateway address, tokens whose addresses always change.
 */
import { z } from 'zod'
import { noveltyOf } from '../profile/novelty.ts'
import { defineDetector } from './detector.ts'
import { explainNovelty, noveltyObservation } from './shared/novelty-observation.ts'
import { sourceOf } from './shared/words.ts'

export const newAddress = defineDetector({
  name: 'new-address',
  summary: 'A token used from an address that it was never used from, on a known network.',
  cause: 'source',
  settings: z.strictObject({}),
  explain: explainNovelty,
  create: (_settings, { findingBitsMin }) => ({
    name: 'new-address',
    inspect(event, profile, context) {
      const novelty = noveltyOf(profile, 'network', event, context.peers)
      if (novelty === undefined || novelty.level < 2 || novelty.bits < findingBitsMin) return undefined
      const kind = novelty.level === 2 ? 'prefix' : 'address'
      const plural = novelty.level === 2 ? 'prefixes' : 'addresses'
      return noveltyObservation(novelty, {
        call: `from ${kind} ${novelty.levels[novelty.level] ?? ''}: ${sourceOf(event)}`,
        siblings: `${novelty.siblingCount === 1 ? kind : plural} in ${novelty.levels[novelty.level - 1] ?? ''}`,
      })
    },
  }),
})
