/**
 * A token that was replaced by another one and is still in use.
 *
 * Attack: the old token was copied before it was rotated, and lies in a backup, an image or a leaver's laptop. Signal: a
 * registered token that names this one in `rotated_from` is older than the grace of a rotation. Bits: no statistics;
 * mostly a host that was forgotten, hence a weak prior of one in 2^6, which counts where something else is odd too. One
 * that was given up and comes back was no forgotten host: 2^14. Each is told once a month: what goes on is no news.
 * Blind to: rotations that the registry does not tell, or tells without the successor's `created_at`.
 */
import { z } from 'zod'
import { DAY_MS, durationMs } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { callOf, factBits, monthStartOf, outcomeOf, ownerText, tellOnce, timeText } from './shared/fact.ts'
import { durationOf } from './shared/words.ts'
import { priorEquation } from './shared/arithmetic.ts'

const NAME = 'superseded-token-used'
const LEFT_ALONE_MS = 2 * DAY_MS

export const supersededTokenUsed = defineDetector({
  name: NAME,
  summary: 'A token that was replaced by another one and is still in use.',
  cause: 'fact',
  settings: z.strictObject({
    bits: factBits('Bits of a call that was accepted, of a client that never changed over.', 6),
    wokenBits: factBits('Bits of one that was accepted after the token had been left alone for two days.', 14),
    graceMs: durationMs('Time that clients have to change to the new token, from its creation.').default(7 * DAY_MS),
  }),
  explain: priorEquation,
  create: ({ bits, wokenBits, graceMs }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      const successor = registry.successorOf(event.tokenId)
      if (successor === undefined || successor.createdAtMs === 0) return undefined
      const sinceMs = event.timeMs - successor.createdAtMs
      if (sinceMs < graceMs || outcomeOf(event) !== 'accepted') return undefined
      const isWoken = profile.nowMs > 0 && event.timeMs > profile.nowMs + LEFT_ALONE_MS
      const told = tellOnce(profile, NAME, monthStartOf(event.timeMs), isWoken ? 2 : 1, [bits, wokenBits])
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
