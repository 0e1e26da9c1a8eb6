/**
 * The rate model on a series of values: a score for each row from the rows up to it.
 *
 * Values are made counts (counts.ts). The product's model (src/profile/rate) says what was expected of this row, and of the
 * hour that ends with it; its tails say how many bits it is worth to lie above, and below. Each is measured against its own
 * past (rarity.ts); the rarer side counts, of row and hour together, and what was told is not told again for a while.
 */
import { createRateFold } from '../../src/profile/rate/fold.ts'
import { negativeBinomialLowerTailBits, negativeBinomialTailBits } from '../../src/profile/tails.ts'
import { type Counting, type Row, countingOf } from './counts.ts'
import { QUIET_ROWS, createRarity } from './rarity.ts'

/** Rows that only teach: the scale of the values and the time between them are taken from them. */
const FIRST_ROWS = 100
const HOURS_PER_DAY = 24
/** One count in a thousand of an average row. */
const MEAN_MIN = 1
/** In the quiet rows after one that was told, only what is so much rarer is told. */
const RARER = 1.2
/** Of a million rows one is worth 12 bits by the row and 12 by the hour. */
const RARITY_MAX = 17

/** Answers with a score from 0 to 1 for each row in the order of time. Nothing in it knows of rows to come. */
export function createScorer(): (row: Row) => number {
  const first: Row[] = []
  const untold = createQuiet()
  let model: Model | undefined
  let rows = 0

  return function score(row) {
    const at = rows++
    if (model === undefined) {
      first.push(row)
      if (first.length < FIRST_ROWS) return 0
      model = createModel(countingOf(first))
      for (const [index, earlier] of first.entries()) model.rarityOf(earlier, index)
      return 0
    }
    return Math.min(1, untold(model.rarityOf(row, at), at) / RARITY_MAX)
  }
}

interface Model {
  /** How rare the row is, which is learned with that. */
  rarityOf(row: Row, at: number): number
}

function createModel(counting: Counting): Model {
  const hour = Math.round(counting.perDay / HOURS_PER_DAY)
  const resolutions = (hour > 1 ? [1, hour] : [1]).map((span) => ({
    fold: createRateFold(counting.perDay, span),
    above: createRarity(),
    below: createRarity(),
  }))
  return {
    rarityOf({ timeMs, value }, at) {
      const bucket = counting.bucketOf(timeMs)
      const count = counting.countOf(value)
      const rarities = resolutions.map(({ fold, above, below }) => {
        const { before, upperMean, upperShape, lowerMean, lowerShape } = fold.next(bucket)
        fold.learn(count)
        if (at < FIRST_ROWS) return 0
        const aboveBits = negativeBinomialTailBits(before + count, Math.max(MEAN_MIN, upperMean), upperShape)
        const belowBits = negativeBinomialLowerTailBits(before + count, lowerMean, lowerShape)
        return Math.max(above(aboveBits, at), below(belowBits, at))
      })
      return Math.hypot(...rarities)
    },
  }
}

/** Lets through what is rarer than what it let through lately. */
function createQuiet() {
  let toldAt = -Infinity
  let told = 0
  return function untold(rarity: number, at: number): number {
    const bar = at - toldAt <= QUIET_ROWS ? RARER * told : 0
    if (rarity <= bar) return 0
    toldAt = at
    told = rarity
    return rarity
  }
}
