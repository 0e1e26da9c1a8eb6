/**
 * A token that is in use and belongs to nobody.
 *
 * Attack: none by itself; whoever is asked about a theft cannot answer, and nobody rotates it. Signal: the registry has
 * the token without an owner, and a call was accepted. Bits: no statistics, 4. For review, once a month.
 * Blind to: owners who have left.
 */
import { z } from 'zod'
import { defineDetector } from './detector.ts'
import { callOf, factBits, monthStartOf, outcomeOf, tellOnce } from './shared/fact.ts'
import { priorEquation } from './shared/arithmetic.ts'

const NAME = 'ownerless-token'

export const ownerlessToken = defineDetector({
  name: NAME,
  summary: 'A token that is in use and belongs to nobody.',
  cause: 'fact',
  concern: 'governance',
  settings: z.strictObject({ bits: factBits('Bits that it is worth.', 4) }),
  explain: priorEquation,
  create: ({ bits }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      const token = registry.of(event.tokenId)
      if (token === undefined || token.owner !== '' || outcomeOf(event) !== 'accepted') return undefined
      const told = tellOnce(profile, NAME, monthStartOf(event.timeMs), 1, [bits])
      if (told === undefined) return undefined
      return {
        ...told,
        seen: `In use without an owner: ${callOf(event)}`,
        normal: 'A registered token has somebody who answers for it',
        numbers: { status: event.status },
      }
    },
  }),
})
