/**
 * A token that comes to a new source together with others.
 *
 * Attack: a breach, of a vault, a laptop, a build, gives several tokens away at once, and whoever has them uses them from
 * one place. Signal: within an hour an address or prefix is new to several tokens that seldom see a new one, above all
 * tokens of several companies (tenants; owners where these are fewer), from several networks, by clients new to them.
 * Opposite: a company moves, its tokens come with the clients that they had; that is one note about the source for those
 * who look after tokens. Bits: log2 of how much likelier this is for stolen tokens than for moved ones, by the estate's
 * own counts (sources/bits.ts), told in steps of four bits.
 * Blind to: one company's tokens that are used with its own client, and tokens used hours apart from each other; sources
 * that are home to tokens of several companies already, such as gateways and proxies.
 */
import { z } from 'zod'
import { holderOf, sightOf } from '../sources/sight.ts'
import { HOUR_MS, count } from '../settings.ts'
import { hourOf } from '../profile/calendar.ts'
import { defineDetector } from './detector.ts'
import { sharingText, usualArrivalsText } from './shared/source-words.ts'
import { newStep } from './shared/step.ts'
import { sourceOf } from './shared/words.ts'
import { explainSharing } from './shared/source-arithmetic.ts'

export const sharedSource = defineDetector({
  name: 'shared-source',
  summary: 'A source that is suddenly used with several tokens, and each token that comes to it.',
  cause: 'company',
  settings: z.strictObject({
    tokensMin: count('Fewer tokens that come to a new source within an hour are not told of.', 2).default(2),
    moveTokensMin: count('So many tokens of one company that move to a new source are noted, once a day.', 2).default(
      4,
    ),
  }),
  explain: explainSharing,
  create: ({ tokensMin }) => ({
    name: 'shared-source',
    inspect(event, profile, { sources, peers, registry }) {
      if (event.status === 401 || event.status === 403) return undefined
      const sight = sightOf(profile, event, peers)
      if (sight === undefined || sight.isRegular) return undefined
      const sharing = sources.sharingOf(event, holderOf(event, registry), sight)
      if (sharing === undefined || sharing.tokens < tokensMin) return undefined
      const step = newStep(profile, 'shared-source', hourOf(event.timeMs) * HOUR_MS, sharing.bits)
      if (step === undefined) return undefined
      return {
        ...step,
        seen: `Used from ${sourceOf(event)}, in company: ${sharingText(sharing)}`,
        normal: usualArrivalsText(sharing),
        numbers: sharing.numbers,
        snapshot: sources.idOf(event),
      }
    },
  }),
})
