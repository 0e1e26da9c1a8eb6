/** Tails of two over-dispersed counts, in bits, computed in log space so that tiny tails stay exact. */
import { gammaln } from 'simple-statistics'

const LN2 = Math.log(2)
/** From here on a beta-binomial is scaled down: its beta part alone decides, and the sum stays short. */
const TRIALS_MAX = 2_000
const FRACTION_STEPS_MAX = 2_000

/**
 * -log2 P(X >= count) for a negative binomial with the given mean and shape r (variance mean + mean^2 / r):
 * the regularised incomplete beta function I_q(count, r) with q = mean / (mean + r) (DLMF 8.17.5). 0 up to the mean.
 */
export function negativeBinomialTailBits(count: number, mean: number, shape: number): number {
  if (count <= mean) return 0
  const q = mean / (mean + shape)
  const logFront = count * Math.log(q) + shape * Math.log1p(-q) - Math.log(count) - logBeta(count, shape)
  return Math.max(0, -(logFront - Math.log(betaFraction(q, count, shape))) / LN2)
}

/**
 * -log2 P(X <= count) for the same negative binomial: the other part of the beta function, I_p(r, count + 1) with
 * p = r / (mean + r) (DLMF 8.17.4 and 8.17.5). 0 from the mean on.
 */
export function negativeBinomialLowerTailBits(count: number, mean: number, shape: number): number {
  if (count >= mean) return 0
  const q = mean / (mean + shape)
  const above = count + 1
  const logFront = shape * Math.log1p(-q) + above * Math.log(q) - Math.log(shape) - logBeta(shape, above)
  return Math.max(0, -(logFront - Math.log(betaFraction(1 - q, shape, above))) / LN2)
}

/**
 * -log2 P(T >= t) for Student's t with so many degrees of freedom: half of I_x(freedom / 2, 1 / 2) with
 * x = freedom / (freedom + t^2) (DLMF 8.17.2; Johnson, Kotz & Balakrishnan, 1995, section 28.2). 0 up to t = 0.
 */
export function studentTailBits(t: number, freedom: number): number {
  if (t <= 0) return 0
  const x = freedom / (freedom + t * t)
  const [a, b] = [freedom / 2, 1 / 2]
  const log = (of: number) => of / LN2
  // The fraction converges on the near side of the mean; beyond it the other part is small and taken off.
  if (x < (a + 1) / (a + b + 2)) {
    const logFront = a * Math.log(x) + b * Math.log1p(-x) - Math.log(a) - logBeta(a, b)
    return 1 - log(logFront - Math.log(betaFraction(x, a, b)))
  }
  const logFront = b * Math.log1p(-x) + a * Math.log(x) - Math.log(b) - logBeta(a, b)
  return 1 - Math.log2(1 - Math.exp(logFront) / betaFraction(1 - x, b, a))
}

/** The continued fraction of the incomplete beta function (DLMF 8.17.22), evaluated by the modified Lentz method. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  let c = 1
  let d = 1 - ((a + b) * x) / (a + 1)
  d = 1 / (Math.abs(d) < tiny ? tiny : d)
  let product = d
  for (let m = 1; m <= FRACTION_STEPS_MAX; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    let change = 1
    for (const term of [even, odd]) {
      d = 1 / guard(1 + term * d)
      c = guard(1 + term / c)
      change = d * c
      product *= change
    }
    if (Math.abs(change - 1) < 1e-12) break
  }
  return 1 / product

  function guard(value: number): number {
    return Math.abs(value) < tiny ? tiny : value
  }
}

/**
 * -log2 P(R >= refused) for a beta-binomial of `calls` trials with parameters alpha and beta. The mass follows
 * p(r+1) = p(r) (n-r)(r+alpha) / ((r+1)(n-r-1+beta)) (Johnson, Kemp & Kotz, 2005, section 6.2.2). 0 up to the mean.
 */
export function betaBinomialTailBits(refused: number, calls: number, alpha: number, beta: number): number {
  if (refused <= (calls * alpha) / (alpha + beta)) return 0
  if (calls > TRIALS_MAX)
    return betaBinomialTailBits(Math.round((refused * TRIALS_MAX) / calls), TRIALS_MAX, alpha, beta)
  const logFirst =
    gammaln(calls + 1) -
    gammaln(refused + 1) -
    gammaln(calls - refused + 1) +
    logBeta(refused + alpha, calls - refused + beta) -
    logBeta(alpha, beta)
  let sum = 1
  let term = 1
  for (let r = refused; r < calls && term >= sum * 1e-12; r++) {
    term *= ((calls - r) * (r + alpha)) / ((r + 1) * (calls - r - 1 + beta))
    sum += term
  }
  return Math.max(0, -(logFirst + Math.log(sum)) / LN2)
}

function logBeta(a: number, b: number): number {
  return gammaln(a) + gammaln(b) - gammaln(a + b)
}
