/**
 * A token that may do nearly everything, for ever, and is in use.
 *
 * Attack: none by itself; it is the one worth stealing, and a theft of it never ends by itself. Signal: the registry has
 * it without an expiry, and its scopes are `*`, `admin` or the like, or `broadScopesMin` of them. Bits: no statistics, 4.
 * For review, once a month.
 * Blind to: narrow names for wide rights.
 */
import { z } from 'zod'
import { isBroad } from '../registry/registered-token.ts'
import { count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { callOf, factBits, monthStartOf, outcomeOf, ownerText, tellOnce } from './shared/fact.ts'
import { priorEquation } from './shared/arithmetic.ts'

const NAME = 'permanent-broad-token'
const SCOPES_SHOWN = 5

export const permanentBroadToken = defineDetector({
  name: NAME,
  summary: 'A token that may do nearly everything, for ever, and is in use.',
  cause: 'fact',
  concern: 'governance',
  settings: z.strictObject({
    bits: factBits('Bits that it is worth.', 4),
    broadScopesMin: count('So many scopes are broad whatever they are.').default(20),
  }),
  explain: priorEquation,
  create: ({ bits, broadScopesMin }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      const token = registry.of(event.tokenId)
      if (token === undefined || token.expiresAtMs !== 0) return undefined
      if (!isBroad(token) && token.scopes.length < broadScopesMin) return undefined
      if (outcomeOf(event) !== 'accepted') return undefined
      const told = tellOnce(profile, NAME, monthStartOf(event.timeMs), 1, [bits])
      if (told === undefined) return undefined
      const shown = token.scopes.slice(0, SCOPES_SHOWN).join(', ')
      return {
        ...told,
        seen: `Broad (${shown}${token.scopes.length > SCOPES_SHOWN ? ', ...' : ''}), without an expiry: ${callOf(event)}`,
        normal: `A broad token expires; this one is ${ownerText(token.owner)}`,
        numbers: { scopes: token.scopes.length },
      }
    },
  }),
})
