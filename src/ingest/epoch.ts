/** One membership of a consumer group, from a join to the next: what may be committed, and until when. */

export interface Committed {
  /** Where the group goes on. */
  readonly offset: number
  readonly metadata: string
}

export interface Epoch {
  /** Aborted when the group rebalances or the consumer stops: what is not stored by then belongs to others. */
  readonly signal: AbortSignal
  /** Where the group stood in this partition when the epoch began; the configured start where it never was. */
  committed(topic: string, partition: number): Promise<Committed>
  /** Commits for this epoch only. Throws the signal's reason when it is over, and when the broker says so. */
  commit(topic: string, partition: number, offset: number, metadata: string): Promise<void>
}

/** The consumer group moved on: whatever was under way is dropped and comes again. */
export class EpochOverError extends Error {
  override readonly name = 'EpochOverError'
  constructor() {
    super('the consumer group has moved on; unstored records are read again')
  }
}
