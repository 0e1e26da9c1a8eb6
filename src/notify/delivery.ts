/** What the outbox asks of its store: which deliveries are due, and how each attempt ended. */
import type { Alert } from '../alert/alert.ts'
import type { TopicPartition } from '../ingest/source.ts'
import type { Delivery } from '../store/delivery.ts'
import type { ReviewQuery, WaitingNote } from '../store/review-notes.ts'

/** An alert that one target has not been handed yet. */
export interface DueDelivery {
  readonly alert: Alert
  readonly target: string
  /** The greatest attempt number recorded for it, 0 at first. */
  readonly attempts: number
}

export interface DueInput {
  /** Only alerts of these partitions. */
  readonly partitions: readonly TopicPartition[]
  readonly targets: readonly string[]
  readonly nowMs: number
  /** Pairs of alert and target, at most. */
  readonly limit: number
}

/**
 * Rules: a pair of alert and target is due when it has no delivery, or when its delivery with the greatest attempt
 * number is a `retry` whose `retryAtMs` is not after `nowMs`. Those that have waited longest come first; a page is put
 * in order of event time by the lane. Alerts about governance are never due: they are `notes`, by the same rules, once they
 * were written before `beforeMs`, those that were tried first. Both see what `record` has written once that has resolved.
 * Recording a delivery id again changes nothing.
 */
export interface OutboxStore {
  due(input: DueInput): Promise<readonly DueDelivery[]>
  notes(input: ReviewQuery): Promise<readonly WaitingNote[]>
  record(deliveries: readonly Delivery[]): Promise<void>
}

/** Labels are names from the configuration and closed sets. */
export interface OutboxMetrics {
  attempted(delivery: Pick<Delivery, 'target' | 'outcome' | 'failure' | 'durationMs'>): void
  /** Deliveries found due at the last look, at most one page of them. */
  waiting(target: string, count: number): void
}
