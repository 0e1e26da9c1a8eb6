/** How surprising it is what a source does with many tokens, in bits, and the numbers behind it. */
import { roundBits } from '../event.ts'
import { negativeBinomialTailBits } from '../profile/tails.ts'
import type { Habits } from './habits.ts'
import type { FailureSums, FailureTally, NewcomerTally } from './source.ts'

export interface Weighed {
  readonly bits: number
  /** From which anyone can recompute them. */
  readonly numbers: Readonly<Record<string, number>>
}

/** What is held of sources before any was seen: in a hundred hours one token fails where it is new, and seldom alone. */
const PRIOR_FAILURES: FailureSums = { hours: 100, failed: 1, failedSquares: 2 }
/** How many hours of its own the habit of all sources weighs for one of them. */
const PRIOR_OWN_HOURS = 12
/** However long none failed: so often some token does. */
const MEAN_MIN = 0.003
/** Bounds of the shape, in means: a further token is worth between 2 and 0.15 bits, never more. */
const SHAPE_MEANS_MAX = 3
const SHAPE_MEANS_MIN = 1 / 9
/** Of tokens that newly come to a source, so many are refused something by what they are used to. */
export const REFUSED_SHARE = 0.05

/**
 * P(so many tokens or more fail within an hour where they are new), as the tail of a negative binomial whose moments are
 * those of the closed hours of all sources (method of moments: Johnson, Kemp & Kotz, 2005, section 5.8.2), and again of
 * the source's own hours, with the former as a prior. The likelier of the two counts: a habit excuses, and never
 * accuses. Never more than twice log2(hours + 1), beyond which the hours seen cannot vouch for.
 * @param arrived tokens that were let in where they are new: others who came with them may fail as at home.
 */
export function failureBits(tally: FailureTally, arrived: number, own: FailureSums, habits: Habits): Weighed {
  const all = momentsOf(add(habits.failures, PRIOR_FAILURES))
  const { hours, failed, failedSquares } = own
  const prior = PRIOR_OWN_HOURS
  const usual = momentsOf({
    hours: hours + prior,
    failed: failed + prior * all.mean,
    failedSquares: failedSquares + prior * all.square,
  })
  const spread = REFUSED_SHARE * arrived
  const most = 2 * Math.log2(habits.failures.hours + 1)
  const bits = Math.min(
    most,
    negativeBinomialTailBits(tally.failed, all.mean + spread, all.shape),
    negativeBinomialTailBits(tally.failed, usual.mean + spread, usual.shape),
  )
  return {
    bits: roundBits(bits),
    numbers: {
      failed: tally.failed,
      unknown: tally.unknown,
      arrived,
      mean: all.mean,
      shape: all.shape,
      hours: habits.failures.hours,
      ownMean: usual.mean,
      ownShape: usual.shape,
      ownHours: hours,
    },
  }
}

function add(one: FailureSums, other: FailureSums): FailureSums {
  return {
    hours: one.hours + other.hours,
    failed: one.failed + other.failed,
    failedSquares: one.failedSquares + other.failedSquares,
  }
}

function momentsOf({ hours, failed, failedSquares }: FailureSums) {
  const mean = Math.max(MEAN_MIN, failed / hours)
  const square = Math.max(mean, failedSquares / hours)
  const excess = square - mean ** 2 - mean
  const shape = excess <= 0 ? Number.POSITIVE_INFINITY : mean ** 2 / excess
  return { mean, square, shape: Math.min(SHAPE_MEANS_MAX * mean, Math.max(SHAPE_MEANS_MIN * mean, shape)) }
}

/** Hours with newcomers that the priors weigh as much as. */
const PRIOR_ARRIVALS = 20
/** Of hours with newcomers: several came; of these: of several companies, from several networks, with new clients. */
const PRIOR_JOINED = 0.15
const PRIOR_MIXED = 0.1
const PRIOR_GATHERED = 0.3
const PRIOR_CHANGED = 0.15
/** Of tokens that were stolen together: the next is of another company, from another network, has a new client. Priors. */
export const STOLEN_MIXED = 0.5
export const STOLEN_GATHERED = 0.7
export const STOLEN_CHANGED = 0.7
/** What one more token may be worth by one of these. */
export const TOKEN_BITS_MAX = 5

/**
 * For a breach and against a move: log2 of how much likelier it is that tokens stolen together come to one new source
 * than that their owners bring them there. That several come at all, -log2 of how often that happens; then for each
 * token beyond the first whether it is of one more company, comes from one more network, and has a new client, too.
 * Tokens that move are of one company, come from the same place and keep their clients: each of those speaks for a move.
 */
export function arrivalBits(tally: NewcomerTally, { arrivals }: Habits): Weighed {
  const { tokens, companies, homes, clients, newClients } = tally
  if (tokens < 2) return { bits: 0, numbers: { tokens } }
  const joined = share(arrivals.joined, arrivals.hours, PRIOR_JOINED)
  const mixed = share(arrivals.mixed, arrivals.joined, PRIOR_MIXED)
  const gathered = share(arrivals.gathered, arrivals.joined, PRIOR_GATHERED)
  const changed = share(arrivals.changed, arrivals.joined, PRIOR_CHANGED)
  const bits =
    -Math.log2(joined) +
    factBits(companies, tokens, STOLEN_MIXED, mixed) +
    factBits(homes, tokens, STOLEN_GATHERED, gathered) +
    factBits(newClients, clients, STOLEN_CHANGED, changed)
  return {
    bits: roundBits(Math.max(0, bits)),
    numbers: { tokens, companies, homes, clients, newClients, joined, mixed, gathered, changed, hours: arrivals.hours },
  }
}

function share(count: number, of: number, prior: number): number {
  return (count + PRIOR_ARRIVALS * prior) / (of + PRIOR_ARRIVALS)
}

/** Of the tokens beyond the first: those of which something holds speak for a breach, the others for a move. */
function factBits(holds: number, of: number, stolen: number, moved: number): number {
  const more = Math.max(0, holds - 1)
  const others = Math.max(0, of - 1 - more)
  return more * Math.min(TOKEN_BITS_MAX, Math.log2(stolen / moved)) + others * Math.log2((1 - stolen) / (1 - moved))
}
