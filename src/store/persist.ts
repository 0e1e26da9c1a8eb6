/** The one place that repeats calls to ClickHouse: while it is away, the pipeline waits, and Kafka holds the records. */
import pRetry from 'p-retry'
import { ClickHouseError } from './clickhouse-error.ts'

const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 10_000

/** Told of each failure that is tried again. */
export type OnRetry = (error: Error, attempt: number) => void

/** Calls until it succeeds or the signal is aborted, whose reason it then throws; what cannot succeed throws at once. */
export function persist<T>(signal: AbortSignal, onRetry: OnRetry, call: () => Promise<T>): Promise<T> {
  return pRetry(call, {
    signal,
    retries: Number.POSITIVE_INFINITY,
    factor: 2,
    minTimeout: RETRY_MS_MIN,
    maxTimeout: RETRY_MS_MAX,
    randomize: true,
    shouldRetry: ({ error }) => !signal.aborted && error instanceof ClickHouseError && error.retryable,
    onFailedAttempt({ error, attemptNumber }) {
      if (!signal.aborted && error instanceof ClickHouseError && error.retryable) onRetry(error, attemptNumber)
    },
  })
}
