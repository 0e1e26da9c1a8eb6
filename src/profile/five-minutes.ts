/**
 * How many calls came in each five minutes of a token's last day: what a burst is measured against. Four bytes for each
 * five minutes that had any, 288 at most.
 */
import { MINUTE_MS } from '../settings.ts'
import { type Burstiness, BUCKETS_PER_HOUR, measureBurstiness } from './rate/burst.ts'

const BUCKET_MS = 5 * MINUTE_MS
const BUCKETS_KEPT = 24 * BUCKETS_PER_HOUR
/** A packed entry holds the bucket's lowest bits, which tell it from all others of some days, and its count. */
const BUCKET_BITS = 12
const BUCKET_MASK = (1 << BUCKET_BITS) - 1
const COUNT_MAX = 2 ** (32 - BUCKET_BITS) - 1

export interface FiveMinutes {
  /** The greatest bucket that was counted, in five minutes since 1970; 0 for none. */
  newest: number
  /** Ascending by bucket, from `newest` back for a day; `length` of them are in use. */
  packed: Uint32Array
  length: number
}

const NONE = new Uint32Array(0)

export function createFiveMinutes(): FiveMinutes {
  return { newest: 0, packed: NONE, length: 0 }
}

export function fiveMinutesOf(timeMs: number): number {
  return Math.floor(timeMs / BUCKET_MS)
}

/** Counts calls of a bucket. What lies more than a day before the newest is not counted. */
export function countFiveMinutes(fine: FiveMinutes, bucket: number, calls = 1): void {
  if (bucket > fine.newest) {
    // Entries are read by the newest bucket that they were counted under.
    dropUntil(fine, bucket - BUCKETS_KEPT)
    fine.newest = bucket
  }
  if (bucket <= fine.newest - BUCKETS_KEPT) return
  let at = fine.length
  while (at > 0 && bucketAt(fine, at - 1) >= bucket) at--
  if (at === fine.length || bucketAt(fine, at) !== bucket) insert(fine, at, bucket)
  const known = (fine.packed[at] as number) >>> BUCKET_BITS
  const count = Math.min(COUNT_MAX, known + calls)
  fine.packed[at] = ((count << BUCKET_BITS) | (bucket & BUCKET_MASK)) >>> 0
}

/** Forgets what came before a time. */
export function forgetFiveMinutes(fine: FiveMinutes, beforeMs: number): void {
  dropUntil(fine, fiveMinutesOf(beforeMs) - 1)
}

/** Calls of one bucket; 0 where it is not known. */
export function callsInFiveMinutes(fine: FiveMinutes, bucket: number): number {
  for (let at = fine.length - 1; at >= 0; at--) {
    const known = bucketAt(fine, at)
    if (known === bucket) return (fine.packed[at] as number) >>> BUCKET_BITS
    if (known < bucket) return 0
  }
  return 0
}

/** Whether the time is in the newest hour or after it: of that hour nothing was dropped yet. */
export function isRunning({ newest }: FiveMinutes, timeMs: number): boolean {
  return Math.floor(newest / BUCKETS_PER_HOUR) <= Math.floor(fiveMinutesOf(timeMs) / BUCKETS_PER_HOUR)
}

/** How calls were spread within the 23 hours before an hour: all of them are known until that hour is over. */
export function burstinessBefore(fine: FiveMinutes, hour: number): Burstiness {
  const end = hour * BUCKETS_PER_HOUR
  const since = end + BUCKETS_PER_HOUR - BUCKETS_KEPT
  const buckets: number[] = []
  const counts: number[] = []
  for (let at = 0; at < fine.length; at++) {
    const bucket = bucketAt(fine, at)
    if (bucket < since || bucket >= end) continue
    buckets.push(bucket)
    counts.push((fine.packed[at] as number) >>> BUCKET_BITS)
  }
  return measureBurstiness({ buckets, counts })
}

/** The greatest bucket up to the newest one that ends in the entry's bits. */
function bucketAt({ packed, newest }: FiveMinutes, at: number): number {
  return newest - ((newest - ((packed[at] as number) & BUCKET_MASK)) & BUCKET_MASK)
}

function insert(fine: FiveMinutes, at: number, bucket: number): void {
  const { packed, length } = fine
  if (length === packed.length) {
    fine.packed = new Uint32Array(Math.min(BUCKETS_KEPT, Math.max(4, Math.ceil(length * 1.5))))
    fine.packed.set(packed)
  }
  fine.packed.copyWithin(at + 1, at, length)
  fine.packed[at] = bucket & BUCKET_MASK
  fine.length++
}

/** Drops the buckets up to this one. */
function dropUntil(fine: FiveMinutes, bucket: number): void {
  let drop = 0
  while (drop < fine.length && bucketAt(fine, drop) <= bucket) drop++
  if (drop === 0) return
  fine.packed.copyWithin(0, drop, fine.length)
  fine.length -= drop
}
