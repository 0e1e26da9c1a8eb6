/**
 * A token that is used after it has expired.
 *
 * Attack: a token found in an old place, where nobody expected it to work any more. Signal: the registry's `expires_at`
 * lies before the call. Bits: no statistics; an expired token that opens the door is a check that fails or a registry
 * that is behind: a prior of one in 2^16, less than for a revoked one, for dates are extended and lists are not. A
 * refused call is mostly a client that nobody told: alone it never alerts.
 * Blind to: what the registry does not know, such as the expiry within a JWT; calls whose status does not say whether
 * the token was looked at.
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

const NAME = 'expired-token-used'

export const expiredTokenUsed = defineDetector({
  name: NAME,
  summary: 'A token that is used after it has expired.',
  cause: 'fact',
  settings: z.strictObject({
    bits: factBits('Bits of a call that was accepted.', 16),
    refusedBits: factBits('Bits of a call that was refused, as it should be.', 3),
  }),
  explain: priorEquation,
  create: ({ bits, refusedBits }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      const token = registry.of(event.tokenId)
      if (token === undefined || token.expiresAtMs === 0) return undefined
      const sinceMs = event.timeMs - token.expiresAtMs
      const outcome = outcomeOf(event)
      if (sinceMs < PROPAGATION_MS || outcome === 'unknown') return undefined
      const isAccepted = outcome === 'accepted'
      const told = tellOnce(profile, NAME, dayStartMs(event.timeMs), isAccepted ? 2 : 1, [refusedBits, bits])
      if (told === undefined) return undefined
      return {
        ...told,
        seen: `${isAccepted ? 'Accepted' : 'Tried and refused'} ${durationOf(sinceMs)} after it had expired: ${callOf(event)}`,
        normal: `Expired ${timeText(token.expiresAtMs)}, ${ownerText(token.owner)}`,
        numbers: { hoursSince: sinceMs / 3_600_000, status: event.status },
        ...(isAccepted ? { severityMin: 'high' as const } : {}),
      }
    },
  }),
})
