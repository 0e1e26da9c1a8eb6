/** Which share of a token's calls is normally refused, or rate-limited, as a beta distribution fitted to its own hours. */
import { hoursBefore } from './activity.ts'
import type { HourCounts } from './hours.ts'
import type { TokenProfile } from './profile.ts'
import { betaBinomialTailBits } from './tails.ts'

/** What clients refuse themselves into by habit, before anything is known of this one: 5 %, as if from one hour. */
const PRIOR_SHARE = 0.05
const PRIOR_CALLS = 20
/** Intra-hour correlation: of a token without history, and the bounds of the fit. */
const RHO_UNKNOWN = 0.4
const RHO_MIN = 0.02
const RHO_MAX = 0.5

/** What the prior alone may claim, however few hours the token has. */
export const BITS_UNKNOWN_MAX = 16

export interface ErrorFit {
  /** Hours with calls that it was fitted to. */
  readonly hours: number
  readonly calls: number
  /** Those of the kind that was counted. */
  readonly refused: number
  readonly alpha: number
  readonly beta: number
}

/**
 * The fit for one hour, from the hours before it in which the token's calls were learned. Moments of the beta-binomial
 * by Kleinman (1973), with the prior as one more hour; with n hours rho is mixed towards that of a token without
 * history by the weight of four hours.
 * @param countOf which calls of an hour are counted.
 */
export function fitErrors(
  profile: TokenProfile,
  hour: number,
  countOf: (counts: HourCounts) => number = ({ refused }) => refused,
): ErrorFit {
  const past = hoursBefore(profile.activity, hour, profile.settings.adoptAfterMs)
  const trials = past.map((counts) => ({ calls: counts.learned + counts.unauthenticated, refused: countOf(counts) }))
  const calls = trials.reduce((sum, trial) => sum + trial.calls, 0)
  const refused = trials.reduce((sum, trial) => sum + Math.min(trial.refused, trial.calls), 0)
  const share = (refused + PRIOR_CALLS * PRIOR_SHARE) / (calls + PRIOR_CALLS)
  const fitted = fitRho(trials, share, calls)
  const rho = (fitted * past.length + RHO_UNKNOWN * 4) / (past.length + 4)
  const strength = 1 / Math.min(RHO_MAX, Math.max(RHO_MIN, rho)) - 1
  return { hours: past.length, calls, refused, alpha: share * strength, beta: (1 - share) * strength }
}

/**
 * Bits of `refused` among the calls of one hour. Never more than twice log2(hours + 1), or what the prior may claim: a
 * token that was never refused has a tail without end, which its few hundred hours cannot vouch for (as in frequency.ts).
 */
export function errorBits(fit: ErrorFit, refused: number, calls: number): number {
  const most = Math.max(BITS_UNKNOWN_MAX, 2 * Math.log2(fit.hours + 1))
  return Math.min(betaBinomialTailBits(refused, calls, fit.alpha, fit.beta), most)
}

function fitRho(trials: readonly { calls: number; refused: number }[], share: number, calls: number): number {
  if (trials.length < 2 || calls === 0) return RHO_UNKNOWN
  let spread = 0
  let squares = 0
  for (const trial of trials) {
    spread += trial.calls * (Math.min(1, trial.refused / trial.calls) - share) ** 2
    squares += trial.calls ** 2
  }
  const binomial = share * (1 - share)
  const freedom = trials.length - 1
  const denominator = binomial * (calls - squares / calls - freedom)
  if (denominator <= 0) return RHO_UNKNOWN
  return Math.min(RHO_MAX, Math.max(RHO_MIN, (spread - binomial * freedom) / denominator))
}
