/** One attempt to hand one alert to one target, as it is recorded. */
import type { AlertId, DeliveryId } from '../event.ts'

/** Closed set. All but `retry` are final. */
export const DELIVERY_OUTCOMES = ['delivered', 'retry', 'failed', 'gone', 'suppressed', 'digested'] as const
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number]

/** Why an attempt failed: a closed set, also the metric's label. */
export type DeliveryFailure =
  | 'timeout'
  | 'connection'
  | 'address-refused'
  | 'redirect'
  | 'rate-limited'
  | 'client-error'
  | 'server-error'
  | 'gone'
  /** A fault of ours: the message could not be made. Never retried. */
  | 'internal'

export interface Delivery {
  /** hash(alert, target, attempt). */
  readonly deliveryId: DeliveryId
  readonly alertId: AlertId
  readonly target: string
  /** From 1, numbered from the table. */
  readonly attempt: number
  readonly outcome: DeliveryOutcome
  /** HTTP status, 0 when there was no answer. */
  readonly status: number
  /** '' where it went well. */
  readonly failure: DeliveryFailure | ''
  /** What the target answered or what went wrong, without secrets. */
  readonly detail: string
  /** Wall clock, as all times here. */
  readonly attemptedAtMs: number
  /** 0 when the outcome is final. */
  readonly retryAtMs: number
  readonly durationMs: number
}
