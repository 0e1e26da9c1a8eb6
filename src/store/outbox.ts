/** The outbox as the database knows it: which alerts wait for which target, and what became of each attempt. */
import { z } from 'zod'
import type { Alert } from '../alert/alert.ts'
import { hashId } from '../event.ts'
import type { Database } from './database.ts'
import { DELIVERY_OUTCOMES } from './delivery.ts'
import type { Delivery } from './delivery.ts'
import type { LogPosition } from './rows.ts'
import { deliveryColumns } from './rows.ts'

/** One target for which an alert is due. */
export interface DueTarget {
  readonly target: string
  /** Made so far; the next is one more. */
  readonly attempts: number
  /** When it was first tried, 0 where it was not. */
  readonly firstAttemptAtMs: number
  /** When it was to be tried again, 0 where it was not tried yet. */
  readonly retryAtMs: number
}

export interface DueAlert {
  readonly alert: Alert
  readonly position: LogPosition
  readonly ingestedAtMs: number
  readonly due: readonly DueTarget[]
}

export interface DueQuery {
  /** Those that this process owns: only their alerts are its to deliver. */
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
  readonly targets: readonly string[]
  readonly nowMs: number
  /** Of (alert, target) pairs. */
  readonly limit: number
}

/** `body` was written by us as JSON of an Alert; that it still is one is checked by its id only. Early ones name no concern. */
const alertBody = z
  .string()
  .transform((text): Alert => Object.assign({ concern: 'misuse' }, JSON.parse(text) as Alert))
  .refine((alert) => typeof alert.alertId === 'string')

const dueRow = z.object({
  body: alertBody,
  topic: z.string(),
  partition: z.number(),
  offset: z.number(),
  ingested_at_ms: z.number(),
  targets: z.array(z.string()),
  attempts: z.array(z.number()),
  first_attempt_at_ms: z.array(z.number()),
  retry_at_ms: z.array(z.number()),
})

/**
 * Pairs of alert and target without a final outcome whose time has come, the longest waiting alert first; what waits for
 * its review (review-notes.ts) is not among them. The body, by far the largest column, is read for these only.
 */
const DUE_SQL = `
  WITH due AS (
    SELECT waiting.alert_id AS alert_id, waiting.ingested_at AS written_at, waiting.target AS target,
      tried.attempts AS attempts, tried.first_attempt_at AS first_attempt_at, tried.retry_at AS retry_at
    FROM (
      SELECT alert_id, ingested_at, arrayJoin({targets: Array(String)}) AS target
      FROM alerts FINAL
      WHERE kind != 'bits' AND concern != 'governance'
        AND (toString(topic), partition) IN (
          SELECT arrayJoin(arrayZip({topics: Array(String)}, {partitions: Array(UInt32)})))
    ) AS waiting
    LEFT JOIN (
      SELECT alert_id, toString(target) AS target, max(attempt) AS attempts, min(attempted_at) AS first_attempt_at,
        max(deliveries.retry_at) AS retry_at, countIf(outcome != 'retry') AS final
      FROM deliveries FINAL
      WHERE target IN {targets: Array(String)}
      GROUP BY alert_id, target
    ) AS tried ON waiting.alert_id = tried.alert_id AND waiting.target = tried.target
    WHERE tried.final = 0 AND tried.retry_at <= fromUnixTimestamp64Milli({now: Int64})
    ORDER BY written_at, alert_id, target
    LIMIT {limit: UInt32}
  )
  SELECT any(alerts.body) AS body, any(toString(topic)) AS topic, any(partition) AS partition, any(offset) AS offset,
    toUnixTimestamp64Milli(any(ingested_at)) AS ingested_at_ms,
    groupArray(due.target) AS targets, groupArray(due.attempts) AS attempts,
    groupArray(toUnixTimestamp64Milli(due.first_attempt_at)) AS first_attempt_at_ms,
    groupArray(toUnixTimestamp64Milli(due.retry_at)) AS retry_at_ms
  FROM (SELECT * FROM alerts FINAL WHERE alert_id IN (SELECT alert_id FROM due)) AS alerts
  INNER JOIN due ON alerts.alert_id = due.alert_id
  GROUP BY alerts.alert_id
  ORDER BY ingested_at_ms, alerts.alert_id`

/** Alerts of these partitions that are due for one or more of these targets, oldest first. */
export async function dueAlerts(db: Database, query: DueQuery): Promise<DueAlert[]> {
  if (query.partitions.length === 0 || query.targets.length === 0) return []
  const rows = await db.query(
    DUE_SQL,
    {
      topics: query.partitions.map((each) => each.topic),
      partitions: query.partitions.map((each) => each.partition),
      targets: query.targets,
      now: query.nowMs,
      limit: query.limit,
    },
    dueRow,
  )
  return rows.map((row) => ({
    alert: row.body,
    position: { topic: row.topic, partition: row.partition, offset: row.offset },
    ingestedAtMs: row.ingested_at_ms,
    due: row.targets
      .map((target, index) => ({
        target,
        attempts: row.attempts[index]!,
        firstAttemptAtMs: row.first_attempt_at_ms[index]!,
        retryAtMs: row.retry_at_ms[index]!,
      }))
      .sort(byTarget),
  }))
}

/** The server's order of what it groups is arbitrary. */
function byTarget(a: { readonly target: string }, b: { readonly target: string }): number {
  return a.target < b.target ? -1 : 1
}

/** Records attempts. Repeating a failed call with the same attempts records them once. */
export async function recordDelivery(db: Database, deliveries: readonly Delivery[]): Promise<void> {
  if (deliveries.length === 0) return
  const token = `deliveries/${hashId(...deliveries.map((delivery) => delivery.deliveryId))}`
  await db.insert('deliveries', deliveryColumns(deliveries), deliveries.length, token)
}

const listedRow = z
  .object({
    body: alertBody,
    ingested_at_ms: z.number(),
    targets: z.array(
      z.object({
        target: z.string(),
        outcome: z.enum(DELIVERY_OUTCOMES),
        attempts: z.number(),
        status: z.number(),
        failure: z.string(),
        detail: z.string(),
        attempted_at_ms: z.number(),
      }),
    ),
  })
  .transform((row) => ({
    alert: row.body,
    ingestedAtMs: row.ingested_at_ms,
    targets: row.targets
      .map(({ attempted_at_ms, ...target }) => ({ ...target, attemptedAtMs: attempted_at_ms }))
      .sort(byTarget),
  }))

/** An alert with the latest outcome at each target that was tried; none while it waits. */
export type ListedAlert = z.infer<typeof listedRow>

export interface AlertFilter {
  readonly limit: number
  /** Only those that some target never got: failed for good, or gone. */
  readonly undeliverable?: boolean
}

/** The latest alerts first, by the time they were written. */
export function listAlerts(db: Database, filter: AlertFilter): Promise<ListedAlert[]> {
  return db.query(
    `SELECT any(raised.body) AS body, toUnixTimestamp64Milli(any(raised.ingested_at)) AS ingested_at_ms,
       groupArrayIf(
         CAST((tried.target, tried.outcome, tried.attempts, tried.status, tried.failure, tried.detail,
           toUnixTimestamp64Milli(tried.attempted_at)),
           'Tuple(target String, outcome String, attempts UInt32, status UInt16, failure String, detail String, attempted_at_ms Int64)'),
         tried.target != '') AS targets
     FROM (SELECT alert_id, ingested_at, body FROM alerts FINAL WHERE kind != 'bits') AS raised
     LEFT JOIN (${LATEST_SQL}) AS tried ON raised.alert_id = tried.alert_id
     GROUP BY raised.alert_id
     HAVING {undeliverable: UInt8} = 0 OR countIf(tried.outcome IN ('failed', 'gone')) > 0
     ORDER BY ingested_at_ms DESC, raised.alert_id
     LIMIT {limit: UInt32}`,
    { limit: filter.limit, undeliverable: filter.undeliverable ? 1 : 0 },
    listedRow,
  )
}

/** The last attempt of each alert at each target. */
const LATEST_SQL = `
  SELECT alert_id, toString(target) AS target, max(attempt) AS attempts,
    argMax(toString(deliveries.outcome), attempt) AS outcome, argMax(deliveries.status, attempt) AS status,
    argMax(toString(deliveries.failure), attempt) AS failure, argMax(deliveries.detail, attempt) AS detail,
    max(deliveries.attempted_at) AS attempted_at
  FROM deliveries FINAL
  GROUP BY alert_id, target`

/** How many alerts were given up, by target. */
export async function undeliverable(db: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await db.query(
    `SELECT target, count() AS alerts FROM (${LATEST_SQL}) WHERE outcome IN ('failed', 'gone') GROUP BY target ORDER BY target`,
    {},
    z.object({ target: z.string(), alerts: z.number() }),
  )
  return new Map(rows.map((row) => [row.target, row.alerts]))
}
