/**
 * A token that is in use and will soon expire.
 *
 * Attack: none; an outage that can still be prevented. Signal: the registry's `expires_at` is at most `noticeMs` ahead of
 * a call, and again at most `lastNoticeMs`. Bits: no statistics, 4 each. For review, once each.
 * Blind to: tokens that are used too rarely to be met within that time, which the view token_inventory lists.
 */
import { z } from 'zod'
import { DAY_MS, durationMs } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { factBits, outcomeOf, ownerText, tellOnce, timeText } from './shared/fact.ts'
import { durationOf } from './shared/words.ts'
import { priorEquation } from './shared/arithmetic.ts'

const NAME = 'expiring-soon'

export const expiringSoon = defineDetector({
  name: NAME,
  summary: 'A token that is in use and will soon expire.',
  cause: 'fact',
  concern: 'governance',
  settings: z.strictObject({
    bits: factBits('Bits that each notice is worth.', 4),
    noticeMs: durationMs('So long before the expiry comes the first notice.').default(14 * DAY_MS),
    lastNoticeMs: durationMs('So long before the expiry comes the last notice.').default(3 * DAY_MS),
  }),
  explain: priorEquation,
  create: ({ bits, noticeMs, lastNoticeMs }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      const token = registry.of(event.tokenId)
      if (token === undefined || token.expiresAtMs === 0) return undefined
      const leftMs = token.expiresAtMs - event.timeMs
      if (leftMs <= 0 || leftMs > noticeMs || outcomeOf(event) !== 'accepted') return undefined
      const isLast = leftMs <= lastNoticeMs
      // The bucket is this expiry: a token whose life was prolonged is told of anew.
      const told = tellOnce(profile, NAME, token.expiresAtMs, isLast ? 2 : 1, [bits, 2 * bits])
      if (told === undefined) return undefined
      return {
        bits,
        bucket: told.bucket,
        seen: `Expires in ${durationOf(leftMs)} and is in use`,
        normal: `Valid until ${timeText(token.expiresAtMs)}, ${ownerText(token.owner)}`,
        numbers: { hoursLeft: leftMs / 3_600_000 },
      }
    },
  }),
})
