/** How counts are spread within an hour: from evenly to all at once. */
import type { CountHistory } from './history.ts'

export const BUCKETS_PER_HOUR = 12

export interface Burstiness {
  /**
   * How much larger the squares of five-minute counts are than if the hour's rate were shared evenly, 1 to 12. Counts c
   * and c' of one hour share its rate, each times an independent gamma of shape w: then this is E[c(c-1)] / E[cc'] =
   * 1 + 1/w. At 12 all of an hour comes at once.
   */
  readonly ratio: number
  /** Five-minute buckets with something in them that it rests on. */
  readonly observations: number
}

/**
 * From the five-minute buckets before `bucket`. The hour of the greatest count is left out, so that one burst does not
 * excuse the next.
 */
export function measureBurstiness({ buckets, counts }: CountHistory, bucket: number): Burstiness {
  const all = { pairs: 0, products: 0 }
  let greatest = { hour: -1, count: 0, pairs: 0, products: 0, sum: 0 }
  let current = { ...greatest }
  let observations = 0

  for (let at = 0; at < buckets.length && (buckets[at] as number) < bucket; at++) {
    const hour = Math.floor((buckets[at] as number) / BUCKETS_PER_HOUR)
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
    observations++
  }

  const pairs = all.pairs - greatest.pairs
  const products = all.products - greatest.products
  const ratio = products === 0 ? BUCKETS_PER_HOUR : ((BUCKETS_PER_HOUR - 1) * pairs) / products
  return { ratio: Math.min(BUCKETS_PER_HOUR, Math.max(1, ratio)), observations }
}
