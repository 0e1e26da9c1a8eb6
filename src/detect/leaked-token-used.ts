/**
 * A token that is known to be in wrong hands, and is used.
 *
 * Attack: a credential was published, phished or copied, and whoever has it tries it before it is revoked. Signal: the
 * mark of `tokens mark-leaked`, or the registry's `compromised_at`, lies before the call. Bits: no statistics; thief or
 * owner, the token must be revoked now: a prior of one in 2^24. A refused call says that somebody tries.
 * Blind to: leaks that nobody has told; what came before the mark, which `tokens mark-leaked` itself shows.
 */
import { z } from 'zod'
import { defineDetector } from './detector.ts'
import { callOf, dayStartMs, factBits, outcomeOf, ownerText, tellOnce, timeText } from './shared/fact.ts'
import { priorEquation } from './shared/arithmetic.ts'

const NAME = 'leaked-token-used'

export const leakedTokenUsed = defineDetector({
  name: NAME,
  summary: 'A token that is known to be in wrong hands, and is used.',
  cause: 'fact',
  settings: z.strictObject({
    bits: factBits('Bits of a call that was accepted.', 24),
    refusedBits: factBits('Bits of a call that was refused.', 8),
  }),
  explain: priorEquation,
  create: ({ bits, refusedBits }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      const sinceMs = registry.compromisedAtMs(event.tokenId)
      if (sinceMs === 0 || event.timeMs < sinceMs) return undefined
      const outcome = outcomeOf(event)
      if (outcome === 'unknown') return undefined
      const isAccepted = outcome === 'accepted'
      const told = tellOnce(profile, NAME, dayStartMs(event.timeMs), isAccepted ? 2 : 1, [refusedBits, bits])
      if (told === undefined) return undefined
      return {
        ...told,
        seen: `${isAccepted ? 'Still accepted' : 'Tried and refused'}, though known to be leaked: ${callOf(event)}`,
        normal: `In wrong hands since ${timeText(sinceMs)}, ${ownerText(registry.of(event.tokenId)?.owner ?? '')}`,
        numbers: { hoursSince: (event.timeMs - sinceMs) / 3_600_000, status: event.status },
        severityMin: isAccepted ? 'critical' : 'low',
      }
    },
  }),
})
