/** What a fit rests on: counts by bucket, a bucket being a number of hours or of five minutes since 1970. */

export interface CountHistory {
  /** Ascending; only buckets in which something was counted. */
  readonly buckets: ArrayLike<number>
  readonly counts: ArrayLike<number>
  /** The first bucket that is known of: those from here on that are not listed were empty. */
  readonly since: number
}
