/** What every source of records offers, whether a broker, a file or standard input. */

export interface RawRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The bytes as they came; null is a tombstone. */
  readonly value: Uint8Array | null
  /** When the broker or the producer stamped it, in milliseconds; absent for files. */
  readonly timestampMs?: number
  /** What the record was before its source cut it, being too large to be kept: all its bytes' number and SHA-256. */
  readonly cut?: { readonly lengthBytes: number; readonly sha256: string }
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}
