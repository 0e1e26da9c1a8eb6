/**
 * A token that is in use and that the registry does not know.
 *
 * Attack: none by itself; a token that was made past the usual way has nobody to ask, and may be a back door.
 * Signal: the call was accepted and the registry, which is not empty, has no such token. Bits: no statistics; registries
 * lag behind, hence only 4. For review, once a month.
 * Blind to: everything while the registry is empty.
 */
import { z } from 'zod'
import { defineDetector } from './detector.ts'
import { callOf, factBits, monthStartOf, outcomeOf, tellOnce } from './shared/fact.ts'
import { priorEquation } from './shared/arithmetic.ts'

const NAME = 'unregistered-token'

export const unregisteredToken = defineDetector({
  name: NAME,
  summary: 'A token that is in use and that the registry does not know.',
  cause: 'fact',
  concern: 'governance',
  settings: z.strictObject({ bits: factBits('Bits that it is worth.', 4) }),
  explain: priorEquation,
  create: ({ bits }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      if (registry.size === 0 || registry.of(event.tokenId) !== undefined) return undefined
      if (outcomeOf(event) !== 'accepted') return undefined
      const told = tellOnce(profile, NAME, monthStartOf(event.timeMs), 1, [bits])
      if (told === undefined) return undefined
      return {
        ...told,
        seen: `In use and not registered: ${callOf(event)}`,
        normal: `One of the ${registry.size} tokens of the registry`,
        numbers: { registered: registry.size },
      }
    },
  }),
})
