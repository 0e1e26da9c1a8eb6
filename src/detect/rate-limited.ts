/**
 * A token that is rate-limited far more often than it is used to.
 *
 * Attack: whoever copies out what a stolen token may read calls as fast as he can, and runs into a limit that the owner
 * keeps clear of. Signal: the share of 429 among the calls of an hour, this one included, against the token's own hours
 * of the last four weeks (profile/errors.ts). Bits: upper tail of a beta-binomial (profile/tails.ts), in steps of four,
 * at most `bitsMax`. The tail says how rare it is for this token, but not that it is misuse: a retry loop, a backlog, a
 * launch or a lower limit at the other end do it to any client, and do it to most of them sooner or later, whereas 401,
 * 403 and 404 say that somebody does not know what the token may do. So it is one step, of the cause `volume`: it adds
 * to a new source or client beside it, counts for nothing beside a louder surge of calls, and never alerts alone.
 * Blind to: whoever stays below the limit; a client that is always limited, at whatever share, which is meant to stay
 * quiet; services that answer 503 or cut the connection instead.
 */
import { z } from 'zod'
import { isRateLimited } from '../profile/dimension.ts'
import { count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { createShareBurst, shareBurstEquations } from './shared/share-burst.ts'

const NAME = 'rate-limited'

export const rateLimited = defineDetector({
  name: NAME,
  summary: 'A token that is rate-limited far more often than it is used to.',
  cause: 'volume',
  settings: z.strictObject({
    limitedMin: count('Fewer rate-limited calls in an hour are never a burst.').default(20),
    bitsMax: z.number().min(4).describe('Most bits of an hour, which are told in steps of four.').default(4),
  }),
  explain: shareBurstEquations,
  create: ({ limitedMin, bitsMax }) => ({
    name: NAME,
    inspect: createShareBurst({
      detector: NAME,
      word: 'rate-limited',
      isOne: isRateLimited,
      countOf: ({ limited }) => limited,
      countMin: limitedMin,
      bitsMax,
    }),
  }),
})
