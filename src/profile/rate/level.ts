/** How high counts stand: overall, against their rhythm, lately; and which of the latter two foretells the next better. */

/** The level against the rhythm, and the recent mean, forget with these time constants. */
const LEVEL_BUCKETS = 24
const RECENT_BUCKETS = 6
/** Days over which rhythm and recent mean are compared. */
const TRUST_DAYS = 4

export function createLevel(perDay: number) {
  const keepLevel = Math.exp(-1 / LEVEL_BUCKETS)
  const keepRecent = Math.exp(-1 / RECENT_BUCKETS)
  let n = 0
  let overallCount = 0
  let overallWeight = 0
  let levelCount = 0
  let levelExpected = 0
  let recentCount = 0
  let recentWeight = 0
  let rhythmError = 0
  let recentError = 0
  const level = {
    overall: () => (overallWeight === 0 ? 0 : overallCount / overallWeight),
    recent: () => (recentWeight === 0 ? 0 : recentCount / recentWeight),
    /** One bucket of the overall mean is the prior, so that a quiet night does not move the level. */
    ratio() {
      const prior = level.overall()
      return levelExpected + prior === 0 ? 0 : (levelCount + prior) / (levelExpected + prior)
    },
    /** The rhythm's share in the forecast, by inverse squared mean squared errors (after Bates & Granger, 1969). */
    trust() {
      if (n < perDay) return 0
      const ofRhythm = rhythmError ** 2 + 1e-18
      const ofRecent = recentError ** 2 + 1e-18
      return (ofRecent / (ofRhythm + ofRecent)) * Math.min(1, (n - perDay) / perDay)
    },
    learn(count: number, rhythm: number, levelled: number, recent: number) {
      n++
      const forgetErrors = 1 / Math.min(TRUST_DAYS * perDay, Math.max(1, n - perDay))
      rhythmError += forgetErrors * ((count - levelled) ** 2 - rhythmError)
      recentError += forgetErrors * ((count - recent) ** 2 - recentError)
      const keepOverall = 1 - 1 / Math.min(7 * perDay, n)
      overallCount = keepOverall * overallCount + count
      overallWeight = keepOverall * overallWeight + 1
      levelCount = keepLevel * levelCount + count
      levelExpected = keepLevel * levelExpected + rhythm
      recentCount = keepRecent * recentCount + count
      recentWeight = keepRecent * recentWeight + 1
    },
  }
  return level
}
