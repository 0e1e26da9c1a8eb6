/** How counts are spread within an hour: from evenly to all at once. */

export const BUCKETS_PER_HOUR = 12

export interface Burstiness {
  /**
   * How much larger the squares of five-minute counts are than if the hour's rate were shared evenly, 1 to 12. Counts c
   * and c' of one hour share its rate, each times an independent gamma of shape w: then this is E[c(c-1)] / E[cc'] =
   * 1 + 1/w. At 12 all of an hour comes at once.
   */
  readonly ratio: number
}

/** Counts by bucket, a bucket being a number of five minutes since 1970. */
export interface FineCounts {
  /** Ascending; only buckets in which something was counted. */
  readonly buckets: readonly number[]
  readonly counts: readonly number[]
}

/** Pairs of calls that are taken to have come at once before any are known: a few calls may look evenly spread. */
const PRIOR_PAIRS = 20

/** The hour of the greatest count is left out, so that one burst does not excuse the next. */
export function measureBurstiness({ buckets, counts }: FineCounts): Burstiness {
  const all = { pairs: 0, products: 0 }
  let greatest = { hour: -1, count: 0, pairs: 0, products: 0, sum: 0 }
  let current = { ...greatest }

  for (const [at, bucket] of buckets.entries()) {
    const hour = Math.floor(bucket / BUCKETS_PER_HOUR)
    if (hour !== current.hour) current = { hour, count: 0, pairs: 0, products: 0, sum: 0 }
    const count = counts[at] as number
    const pairs = count * (count - 1)
    const products = 2 * count * current.sum
    all.pairs += pairs
    all.products += products
    current.pairs += pairs
    current.products += products
    current.sum += count
    current.count = Math.max(current.count, count)
    if (current.count > greatest.count) greatest = current
  }

  // Twelve squares of an hour stand against 132 products; what comes at once has as many as make the ratio 12.
  const pairs = all.pairs - greatest.pairs + PRIOR_PAIRS
  const products = all.products - greatest.products + PRIOR_PAIRS * (1 - 1 / BUCKETS_PER_HOUR)
  const ratio = ((BUCKETS_PER_HOUR - 1) * pairs) / products
  return { ratio: Math.min(BUCKETS_PER_HOUR, Math.max(1, ratio)) }
}
