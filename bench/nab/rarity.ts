/** How rare a surprise is in its own series: bits measured against all the surprises before them. */

/** A surprise is unlike this one when it had less than the first share of its bits, and like it from the second one on. */
const UNLIKE = 0.5
const LIKE = 0.9
/** From here on one that follows closely is the same surprise. */
const SAME = (UNLIKE + LIKE) / 2
/** Fewer bits are no surprise; from so many on, a surprise has its full weight. */
const BITS_MIN = 4
const BITS_FULL = 12
/**
 * What is rare: one in n rows is worth log2(n) bits, but long series have as many anomalies as short ones have. This share
 * of the logarithm is kept, between rareness among rows (1) and among series (0).
 */
const ROWS_WEIGHT = 0.6
/** Rows that a surprise goes on for: what is like it within them is the same surprise. */
export const QUIET_ROWS = 40

/** A run of surprises: the row of its last one, and the most bits. */
interface Run {
  lastRow: number
  bits: number
}

/**
 * Makes a function that answers for each row, in order, how rare its bits are: the logarithm of how many rows there were
 * for each run of surprises like it, this one included. It asks for no scale of the bits and for no threshold, so that one
 * serves every series: a series in which 20 bits are common has to come up with more.
 */
export function createRarity() {
  const runs: Run[] = []

  return function rarityOf(bits: number, row: number): number {
    if (bits < BITS_MIN) return 0
    let alike = 0
    let goesOn = false
    for (const run of runs) {
      const share = run.bits / bits
      alike += Math.min(1, Math.max(0, (share - UNLIKE) / (LIKE - UNLIKE)))
      if (share >= SAME && row - run.lastRow <= QUIET_ROWS) goesOn = true
    }
    remember(bits, row)
    if (goesOn) return 0
    const rare = ROWS_WEIGHT * Math.log2(row + 1) - Math.log2(1 + alike)
    return Math.max(0, rare) * Math.min(1, bits / BITS_FULL)
  }

  function remember(bits: number, row: number): void {
    const latest = runs.at(-1)
    if (latest !== undefined && row - latest.lastRow <= QUIET_ROWS) {
      latest.lastRow = row
      latest.bits = Math.max(latest.bits, bits)
    } else runs.push({ lastRow: row, bits })
  }
}
