/**
 * A token whose calls are refused far more often than it is used to.
 *
 * Attack: whoever holds a stolen token tries what it may do, or walks through paths and ids. Signal: the share of 401,
 * 403 and 404 among the calls of an hour, this one included, against the token's own hours of the last four weeks
 * (profile/errors.ts). Bits: upper tail of a beta-binomial (profile/tails.ts), told in steps of four bits.
 * Blind to: an attacker who knows what the token may do; a few refused calls; a client whose calls always fail, which
 * is meant to stay quiet; calls that were too many (429), which rate-limited tells. It cannot tell a broken deployment
 * from an attack: the refused routes can.
 */
import { z } from 'zod'
import { isRateLimited, isRefused } from '../profile/dimension.ts'
import { count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { createShareBurst, shareBurstEquations } from './shared/share-burst.ts'

const NAME = 'error-burst'

export const errorBurst = defineDetector({
  name: NAME,
  summary: 'A token whose calls are refused far more often than it is used to.',
  cause: 'action',
  settings: z.strictObject({
    refusedMin: count('Fewer refused calls in an hour are never a burst.').default(8),
  }),
  explain: shareBurstEquations,
  create: ({ refusedMin }) => ({
    name: NAME,
    inspect: createShareBurst({
      detector: NAME,
      word: 'refused',
      isOne: (event) => isRefused(event) && !isRateLimited(event),
      countOf: ({ refused }) => refused,
      countMin: refusedMin,
      bitsMax: Infinity,
    }),
  }),
})
