/**
 * A token that was revoked and is used all the same.
 *
 * Attack: whoever took the token has it still, and a gateway that does not ask, or a cache, lets it in. Signal: the
 * registry's `revoked_at` lies before the call. Bits: no statistics; a revoked token that opens the door is either an
 * attack or a revocation that does not work, and both must be known at once: a prior of one in 2^20. A refused call is
 * mostly a client that nobody told, and is worth little.
 * Blind to: what the registry does not know; calls whose status does not say whether the token was looked at.
 */
import { z } from 'zod'
import { defineDetector } from './detector.ts'
import {
  PROPAGATION_MS,
  callOf,
  dayStartMs,
  factBits,
  outcomeOf,
  ownerText,
  tellOnce,
  timeText,
} from './shared/fact.ts'
import { durationOf } from './shared/words.ts'
import { priorEquation } from './shared/arithmetic.ts'

const NAME = 'revoked-token-used'

export const revokedTokenUsed = defineDetector({
  name: NAME,
  summary: 'A token that was revoked and is used all the same.',
  cause: 'fact',
  settings: z.strictObject({
    bits: factBits('Bits of a call that was accepted.', 20),
    refusedBits: factBits('Bits of a call that was refused, as it should be.', 3),
  }),
  explain: priorEquation,
  create: ({ bits, refusedBits }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      const token = registry.of(event.tokenId)
      if (token === undefined || token.revokedAtMs === 0) return undefined
      const sinceMs = event.timeMs - token.revokedAtMs
      const outcome = outcomeOf(event)
      if (sinceMs < PROPAGATION_MS || outcome === 'unknown') return undefined
      const isAccepted = outcome === 'accepted'
      const told = tellOnce(profile, NAME, dayStartMs(event.timeMs), isAccepted ? 2 : 1, [refusedBits, bits])
      if (told === undefined) return undefined
      return {
        ...told,
        seen: `${isAccepted ? 'Accepted' : 'Tried and refused'} ${durationOf(sinceMs)} after it was revoked: ${callOf(event)}`,
        normal: `Revoked ${timeText(token.revokedAtMs)}, ${ownerText(token.owner)}`,
        numbers: { hoursSince: sinceMs / 3_600_000, status: event.status },
        ...(isAccepted ? { severityMin: 'critical' as const } : {}),
      }
    },
  }),
})
