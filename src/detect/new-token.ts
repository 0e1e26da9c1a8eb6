/**
 * A token that was made lately and is used for the first time.
 *
 * Attack: whoever got in makes a token of their own to stay. Signal: the token has no history, and the registry says that
 * it was created within `recentMs`, or only after this call. Bits: no statistics; nearly every new token is meant, hence
 * 4. For review, once.
 * Blind to: tokens that were rotated in, which go on as their predecessor; tokens that the registry does not know, which
 * unregistered-token lists; a token that waits for longer.
 */
import { z } from 'zod'
import { DAY_MS, durationMs } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { callOf, factBits, outcomeOf, ownerText, timeText } from './shared/fact.ts'
import { priorEquation } from './shared/arithmetic.ts'

const NAME = 'new-token'

export const newToken = defineDetector({
  name: NAME,
  summary: 'A token that was made lately and is used for the first time.',
  cause: 'fact',
  concern: 'governance',
  settings: z.strictObject({
    bits: factBits('Bits that it is worth.', 4),
    recentMs: durationMs('A token is new for so long after its creation.').default(7 * DAY_MS),
  }),
  explain: priorEquation,
  create: ({ bits, recentMs }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      if (profile.nowMs > 0 || outcomeOf(event) !== 'accepted') return undefined
      const token = registry.of(event.tokenId)
      if (token === undefined || token.createdAtMs === 0 || event.timeMs - token.createdAtMs > recentMs)
        return undefined
      const isEarly = event.timeMs < token.createdAtMs
      return {
        bits,
        seen: `${isEarly ? 'Used before it was created, by its registration' : 'First use'}: ${callOf(event)}`,
        normal: `Created ${timeText(token.createdAtMs)}, ${ownerText(token.owner)}`,
        numbers: { hoursSince: (event.timeMs - token.createdAtMs) / 3_600_000 },
      }
    },
  }),
})
