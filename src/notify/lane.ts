/** One target's way through the outbox, on its own, so that a target that hangs holds up no other. */
import { LRUCache } from 'lru-cache'
import type { Alert } from '../alert/alert.ts'
import { SEVERITIES } from '../severity.ts'
import type { Clock } from '../clock.ts'
import { hashId } from '../event.ts'
import type { AlertId, DeliveryId } from '../event.ts'
import type { TopicPartition } from '../ingest/source.ts'
import type { Log } from '../log.ts'
import { clip } from '../text.ts'
import type { Delivery, DeliveryOutcome } from '../store/delivery.ts'
import type { DueDelivery, OutboxMetrics, OutboxStore } from './delivery.ts'
import type { TargetNotifier } from './index.ts'
import { DeliveryError } from './notifier.ts'
import type { DeliveryAnswer } from './notifier.ts'
import { retryDelayMs } from './retry.ts'
import type { RetrySettings } from './retry.ts'

/** What all lanes of an outbox share. */
export interface LaneDeps {
  readonly store: OutboxStore
  readonly clock: Clock
  readonly log: Log
  readonly metrics: OutboxMetrics
  /** In [0, 1). */
  readonly random: () => number
  readonly retry: RetrySettings
  /** Alerts with an event time before this are suppressed, those of the pipeline excepted. */
  readonly notifyFromMs: number
  /** Older alerts are digested; 0 is no limit. */
  readonly maxAgeMs: number
  readonly ownedPartitions: () => readonly TopicPartition[]
  /** Topics whose governance this process reviews: none, but for the owner of the first partition. */
  readonly reviewTopics: () => readonly string[]
  /** ClickHouse database that a review's query names. */
  readonly database: string
  /** Raised when a running call has to end. */
  readonly callSignal: () => AbortSignal
}

/** Small, because the partitions may change hands while a page is worked through. */
const PAGE_ROWS = 100
/** All late alerts go into one digest, up to this many. */
const DIGEST_ALERTS_MAX = 1000
/** So many failures in a row, and the target is left in peace until the first of their retries. */
const MISSES_MAX = 3
const REMEMBERED_ALERTS_MAX = 20_000
const DETAIL_CHARS_MAX = 500

/** A lane's state is lost with the process; all that matters stands in the table of deliveries. */
export interface Lane {
  readonly target: TargetNotifier
  readonly deps: LaneDeps
  /** Attempts made by this process, so that a table that answers late does not make it send twice. */
  readonly attempts: LRUCache<string, number>
  /** Made but not stored: stored before anything else is done. */
  unrecorded: readonly Delivery[]
  /** The target said that it is gone for good (410). */
  gone: boolean
  /** When the last failures in a row may be tried again. */
  misses: readonly number[]
  restUntilMs: number
  /** The earliest retry that this process knows of, 0 for none. */
  nextRetryMs: number
  /** When it is looked next whether a review is due. */
  nextReviewMs: number
}

export function createLane(target: TargetNotifier, deps: LaneDeps): Lane {
  return {
    target,
    deps,
    attempts: new LRUCache({ max: REMEMBERED_ALERTS_MAX }),
    unrecorded: [],
    gone: false,
    misses: [],
    restUntilMs: 0,
    nextRetryMs: 0,
    nextReviewMs: 0,
  }
}

/** Works until nothing is due, the target needs a rest, or `stopping`. Throws only what the store throws. */
export async function passLane(lane: Lane, stopping: () => boolean): Promise<void> {
  await flush(lane)
  if (lane.nextRetryMs <= lane.deps.clock.now()) lane.nextRetryMs = 0
  while (!stopping() && lane.deps.clock.now() >= lane.restUntilMs) {
    let due = await look(lane, PAGE_ROWS)
    if (due.some((item) => verdictOf(lane, item.alert) === 'late')) due = await look(lane, DIGEST_ALERTS_MAX)
    if (due.length === 0) return
    await settleRefused(
      lane,
      due.map(({ alert, attempts }) => ({ ...alert, attempts })),
    )
    await digest(lane, due, stopping)
    for (const item of due) {
      if (stopping() || lane.deps.clock.now() < lane.restUntilMs) return
      if (verdictOf(lane, item.alert) === 'send') await send(lane, item)
    }
  }
}

async function look(lane: Lane, limit: number): Promise<readonly DueDelivery[]> {
  const { store, clock, metrics, ownedPartitions } = lane.deps
  const { name } = lane.target.notifier
  const due = await store.due({ partitions: ownedPartitions(), targets: [name], nowMs: clock.now(), limit })
  metrics.waiting(name, due.length)
  return due
    .filter((item) => !isRemembered(lane, attemptedOf(item)))
    .sort((a, b) => a.alert.timeMs - b.alert.timeMs || (a.alert.alertId < b.alert.alertId ? -1 : 1))
}

/** An alert and the attempts before this one; more of it is needed only to make its message. */
export interface Attempted {
  readonly alertId: AlertId
  readonly attempts: number
}

function attemptedOf({ alert, attempts }: DueDelivery): Attempted {
  return { alertId: alert.alertId, attempts }
}

/** This process has tried it since the table answered. */
export function isRemembered(lane: Lane, { alertId, attempts }: Attempted): boolean {
  return (lane.attempts.get(alertId) ?? 0) > attempts
}

type Refusal = 'gone' | 'before-start' | 'not-wanted'
type Judged = Pick<Alert, 'kind' | 'severity'> & { readonly timeMs: number }

/** Why an alert is not sent to the target at all, if it is not. */
export function refusalOf(lane: Lane, alert: Judged): Refusal | undefined {
  const { minSeverity, kinds } = lane.target
  if (alert.kind !== 'pipeline' && alert.timeMs < lane.deps.notifyFromMs) return 'before-start'
  if (SEVERITIES.indexOf(alert.severity) < SEVERITIES.indexOf(minSeverity)) return 'not-wanted'
  if (kinds && !kinds.includes(alert.kind)) return 'not-wanted'
  return lane.gone ? 'gone' : undefined
}

function verdictOf(lane: Lane, alert: Alert): 'send' | 'late' | Refusal {
  const { clock, maxAgeMs } = lane.deps
  return refusalOf(lane, alert) ?? (maxAgeMs > 0 && clock.now() - alert.timeMs > maxAgeMs ? 'late' : 'send')
}

/** Records all that needs no call. */
export async function settleRefused(lane: Lane, items: readonly (Attempted & Judged)[]): Promise<void> {
  const rows = items.flatMap((item): Delivery[] => {
    const refusal = refusalOf(lane, item)
    return refusal === undefined ? [] : [row(lane, item, REFUSALS[refusal])]
  })
  if (rows.length > 0) await record(lane, rows)
}

const REFUSALS: Readonly<Record<Refusal, RowFields>> = {
  'before-start': { outcome: 'suppressed', detail: 'its event is older than notifyFrom' },
  'not-wanted': { outcome: 'suppressed', detail: 'below minSeverity or not among kinds' },
  gone: { outcome: 'failed', failure: 'gone', detail: 'the target said that it is gone' },
}

async function send(lane: Lane, item: DueDelivery): Promise<void> {
  const { notifier } = lane.target
  await attempt(lane, [attemptedOf(item)], 'delivered', (signal) => notifier.notify(item.alert, signal))
}

/** One message for all that is late. Its id depends on what is in it, so a repeated digest is known as such. */
async function digest(lane: Lane, due: readonly DueDelivery[], stopping: () => boolean): Promise<void> {
  const late = due.filter((item) => verdictOf(lane, item.alert) === 'late')
  if (late.length === 0 || stopping()) return
  const alerts = late.map((item) => item.alert)
  const lateMs = lane.deps.clock.now() - Math.min(...alerts.map((alert) => alert.timeMs))
  const digestId = hashId('digest', lane.target.notifier.name, ...alerts.map((alert) => alert.alertId).sort())
  await attempt(lane, late.map(attemptedOf), 'digested', (signal) =>
    lane.target.notifier.notifyDigest({ alerts, lateMs }, digestId, signal),
  )
}

/** Calls the target once, and records how that ended for each of the alerts. */
export async function attempt(
  lane: Lane,
  items: readonly Attempted[],
  delivered: 'delivered' | 'digested',
  call: (signal: AbortSignal) => Promise<DeliveryAnswer>,
): Promise<void> {
  const { clock, callSignal } = lane.deps
  const signal = callSignal()
  const startedAtMs = clock.now()
  try {
    const answer = await call(signal)
    lane.misses = []
    const fields = { outcome: delivered, status: answer.status, detail: answer.text, startedAtMs }
    await record(
      lane,
      items.map((item) => row(lane, item, fields)),
    )
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    await record(lane, failedRows(lane, items, { error, startedAtMs, stopped: signal.aborted && error.status === 0 }))
  }
}

/** A failure of the call, in rows; the alerts of a digest stay together. A call that was stopped is due at once. */
function failedRows(
  lane: Lane,
  items: readonly Attempted[],
  failed: { readonly error: DeliveryError; readonly startedAtMs: number; readonly stopped: boolean },
): readonly Delivery[] {
  const { error, startedAtMs, stopped } = failed
  const { clock, retry, random } = lane.deps
  const attempts = Math.max(...items.map((item) => item.attempts)) + 1
  const retryAtMs = clock.now() + (stopped ? 0 : retryDelayMs(attempts, retry, random(), error.retryAfterMs))
  if (error.failure === 'gone') lane.gone = true
  if (error.retryable && !stopped) miss(lane, retryAtMs, error.retryAfterMs !== undefined)
  const rows = items.map((item) => {
    const again = stopped || (error.retryable && item.attempts + 1 < retry.attemptsMax)
    const outcome: DeliveryOutcome = error.failure === 'gone' ? 'gone' : again ? 'retry' : 'failed'
    const { status, failure } = error
    return row(lane, item, {
      outcome,
      status,
      failure,
      detail: error.message,
      startedAtMs,
      retryAtMs: again ? retryAtMs : 0,
    })
  })
  report(lane, rows, error)
  return rows
}

/** Notes when to come back, and whether the target as a whole is to be left alone until then. */
function miss(lane: Lane, retryAtMs: number, asked: boolean): void {
  lane.misses = [...lane.misses, retryAtMs].slice(-MISSES_MAX)
  lane.nextRetryMs = lane.nextRetryMs === 0 ? retryAtMs : Math.min(lane.nextRetryMs, retryAtMs)
  if (asked) lane.restUntilMs = retryAtMs
  else if (lane.misses.length === MISSES_MAX) lane.restUntilMs = Math.min(...lane.misses)
}

function report(lane: Lane, rows: readonly Delivery[], error: DeliveryError): void {
  const { log } = lane.deps
  const fields = {
    target: lane.target.notifier.name,
    alertId: rows[0]?.alertId,
    alerts: rows.length,
    attempt: rows[0]?.attempt,
    failure: error.failure,
    status: error.status,
    detail: error.message,
  }
  if (error.failure === 'gone') log.error(fields, 'target is gone: nothing is sent to it until tokenwatch is restarted')
  else if (rows[0]?.outcome === 'retry') log.warn(fields, 'alert not delivered, will try again')
  else log.error(fields, 'alert undeliverable, kept: tokenwatch alerts lists it')
}

interface RowFields {
  readonly outcome: DeliveryOutcome
  readonly detail: string
  readonly status?: number
  readonly failure?: Delivery['failure']
  /** Left out where nothing was called. */
  readonly startedAtMs?: number
  readonly retryAtMs?: number
}

function row(lane: Lane, item: Attempted, fields: RowFields): Delivery {
  const nowMs = lane.deps.clock.now()
  const attemptedAtMs = fields.startedAtMs ?? nowMs
  const target = lane.target.notifier.name
  return {
    deliveryId: hashId(item.alertId, target, item.attempts + 1) as DeliveryId,
    alertId: item.alertId,
    target,
    attempt: item.attempts + 1,
    outcome: fields.outcome,
    status: fields.status ?? 0,
    failure: fields.failure ?? '',
    detail: clip(fields.detail, DETAIL_CHARS_MAX),
    attemptedAtMs,
    retryAtMs: fields.retryAtMs ?? 0,
    durationMs: nowMs - attemptedAtMs,
  }
}

/** What was done is remembered even when the store is away: it is then stored before the next look. */
async function record(lane: Lane, rows: readonly Delivery[]): Promise<void> {
  for (const each of rows) {
    lane.attempts.set(each.alertId, each.attempt)
    lane.deps.metrics.attempted(each)
  }
  lane.unrecorded = [...lane.unrecorded, ...rows]
  await flush(lane)
}

async function flush(lane: Lane): Promise<void> {
  if (lane.unrecorded.length === 0) return
  const rows = lane.unrecorded
  await lane.deps.store.record(rows)
  lane.unrecorded = lane.unrecorded.filter((each) => !rows.includes(each))
}
