/** What every source of records offers, whether a broker, a file or standard input. */

export interface RawRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The bytes as they came; null is a tombstone. */
  readonly value: Uint8Array | null
}
