/**
 * A token that was replaced by another one and is still in use.
 *
 * Attack: the old token was copied before it was rotated, and lies in a backup, an image or a leaver's laptop. Signal: a
 * registered token that names this one in `rotated_from` is older than the grace of a rotation. Bits: no statistics;
 * mostly a host that was forgotten, hence a weak prior of one in 2^6, which counts where something else is odd too. It is
 * told once a month: what goes on is no news.
 * Blind to: rotations that the registry does not tell, or tells without the successor's `created_at`.
 */
import { z } from 'zod'
import { DAY_MS, durationMs } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { callOf, factBits, monthStartOf, outcomeOf, ownerText, tellOnce, timeText } from './shared/fact.ts'
import { durationOf } from './shared/words.ts'

const NAME = 'superseded-token-used'

export const supersededTokenUsed = defineDetector({
  name: NAME,
  summary: 'A token that was replaced by another one and is still in use.',
  cause: 'fact',
  settings: z.strictObject({
    bits: factBits('Bits of a call that was accepted.', 6),
    graceMs: durationMs('Time that clients have to change to the new token, from its creation.').default(7 * DAY_MS),
  }),
  create: ({ bits, graceMs }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      const successor = registry.successorOf(event.tokenId)
      if (successor === undefined || successor.createdAtMs === 0) return undefined
      const sinceMs = event.timeMs - successor.createdAtMs
      if (sinceMs < graceMs || outcomeOf(event) !== 'accepted') return undefined
      const told = tellOnce(profile, NAME, monthStartOf(event.timeMs), 1, [bits])
      if (told === undefined) return undefined
      return {
        ...told,
        seen: `Accepted ${durationOf(sinceMs)} after its successor was made: ${callOf(event)}`,
        normal:
          `Replaced by ${successor.name || successor.tokenId} of ${timeText(successor.createdAtMs)}, ` +
          ownerText(registry.of(event.tokenId)?.owner || successor.owner),
        numbers: { hoursSince: sinceMs / 3_600_000, graceHours: graceMs / 3_600_000 },
      }
    },
  }),
})
