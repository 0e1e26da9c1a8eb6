/** When a failed delivery is tried again: a pure function, so that the table of deliveries alone carries a retry. */

export interface RetrySettings {
  /** Wait before the second attempt. */
  readonly initialMs: number
  /** Longest wait that back-off alone asks for. */
  readonly maxMs: number
  /** Attempts of one alert at one target, the first included. */
  readonly attemptsMax: number
  /** Longest wait that a target may ask for by Retry-After. */
  readonly retryAfterMaxMs: number
}

/**
 * Milliseconds to wait after attempt number `attempt` (from 1) failed: doubling from `initialMs` up to `maxMs`, of
 * which the upper half is drawn at random, so that targets which failed together do not come back together
 * ("equal jitter", M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015). A larger Retry-After
 * wins, up to `retryAfterMaxMs`.
 * @param random in [0, 1)
 */
export function retryDelayMs(attempt: number, retry: RetrySettings, random: number, retryAfterMs?: number): number {
  const ceilingMs = Math.min(retry.maxMs, retry.initialMs * 2 ** Math.max(0, attempt - 1))
  const backOffMs = Math.round(ceilingMs / 2 + (random * ceilingMs) / 2)
  return Math.max(backOffMs, Math.min(retryAfterMs ?? 0, retry.retryAfterMaxMs))
}
