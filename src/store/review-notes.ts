/** The notes for a daily review: alerts about governance that wait for one, and what was found of each. */
import { z } from 'zod'
import type { AlertKind } from '../alert/alert.ts'
import { ALERT_KINDS } from '../alert/alert.ts'
import type { AlertId } from '../event.ts'
import { SEVERITIES } from '../severity.ts'
import type { Severity } from '../severity.ts'
import type { Database } from './database.ts'

/** An alert that goes into a review, without its body: thousands may come at once. */
export interface WaitingNote {
  readonly alertId: AlertId
  readonly kind: AlertKind
  readonly severity: Severity
  readonly timeMs: number
  readonly writtenAtMs: number
  readonly subject: string
  readonly tokenName: string
  readonly tenant: string
  /** By detector: the latest thing that it said in the alert's incident. */
  readonly found: readonly { readonly detector: string; readonly seen: string }[]
  /** The greatest attempt number recorded for the target, 0 at first. */
  readonly attempts: number
  /** When it was to be tried again, 0 where it was not tried yet. What failed together has this in common. */
  readonly retryAtMs: number
}

export interface ReviewQuery {
  /** Those whose notes this process tells. */
  readonly topics: readonly string[]
  readonly target: string
  /** Only notes that were written before this. */
  readonly beforeMs: number
  readonly nowMs: number
  readonly limit: number
}

const noteRow = z
  .object({
    alert_id: z.string(),
    kind: z.enum(ALERT_KINDS),
    severity: z.enum(SEVERITIES),
    time_ms: z.number(),
    written_at_ms: z.number(),
    subject: z.string(),
    token_name: z.string(),
    tenant: z.string(),
    title: z.string(),
    raised_by: z.array(z.string()),
    detectors: z.array(z.string()),
    seen: z.array(z.string()),
    attempts: z.number(),
    retry_at_ms: z.number(),
  })
  .transform((row): WaitingNote => ({
    alertId: row.alert_id as AlertId,
    kind: row.kind,
    severity: row.severity,
    timeMs: row.time_ms,
    writtenAtMs: row.written_at_ms,
    subject: row.subject,
    tokenName: row.token_name,
    tenant: row.tenant,
    // Findings may have expired, or come in after their alert.
    found:
      row.detectors.length > 0
        ? row.detectors.map((detector, index) => ({ detector, seen: row.seen[index] ?? '' }))
        : row.raised_by.map((detector) => ({ detector, seen: row.title })),
    attempts: row.attempts,
    retryAtMs: row.retry_at_ms,
  }))

/** Alerts about governance without a final outcome at the target, first those that were tried, then the oldest. */
const NOTES_SQL = `
  WITH due AS (
    SELECT alert_id, incident_id, kind, severity, time, ingested_at, subject, token_name, tenant, title, raised_by,
      tried.attempts AS attempts, tried.retry_at AS retry_at
    FROM (
      SELECT alert_id, incident_id, toString(kind) AS kind, toString(severity) AS severity, time, ingested_at, subject,
        token_name, tenant, title, CAST(detectors, 'Array(String)') AS raised_by
      FROM alerts FINAL
      WHERE concern = 'governance' AND kind != 'bits' AND toString(topic) IN {topics: Array(String)}
        AND ingested_at < fromUnixTimestamp64Milli({before: Int64})
    ) AS waiting
    LEFT JOIN (
      SELECT alert_id, max(attempt) AS attempts, max(deliveries.retry_at) AS retry_at,
        countIf(outcome != 'retry') AS final
      FROM deliveries FINAL
      WHERE target = {target: String}
      GROUP BY alert_id
    ) AS tried ON waiting.alert_id = tried.alert_id
    WHERE tried.final = 0 AND tried.retry_at <= fromUnixTimestamp64Milli({now: Int64})
    ORDER BY attempts > 0 DESC, ingested_at, alert_id
    LIMIT {limit: UInt32}
  )
  SELECT due.alert_id AS alert_id, kind, severity, toUnixTimestamp64Milli(time) AS time_ms,
    toUnixTimestamp64Milli(ingested_at) AS written_at_ms, subject, token_name, tenant, title, raised_by,
    found.detectors AS detectors, found.seen AS seen, attempts, toUnixTimestamp64Milli(retry_at) AS retry_at_ms
  FROM due
  LEFT JOIN (
    SELECT incident_id, groupArray(detector) AS detectors, groupArray(latest) AS seen
    FROM (
      SELECT incident_id, toString(detector) AS detector, argMax(findings.seen, (findings.time, finding_id)) AS latest
      FROM findings
      WHERE concern = 'governance' AND incident_id IN (SELECT incident_id FROM due)
      GROUP BY incident_id, detector
    )
    GROUP BY incident_id
  ) AS found ON due.incident_id = found.incident_id
  ORDER BY attempts > 0 DESC, written_at_ms, alert_id`

export async function waitingNotes(db: Database, query: ReviewQuery): Promise<WaitingNote[]> {
  if (query.topics.length === 0) return []
  return db.query(
    NOTES_SQL,
    {
      topics: query.topics,
      target: query.target,
      before: query.beforeMs,
      now: query.nowMs,
      limit: query.limit,
    },
    noteRow,
  )
}
