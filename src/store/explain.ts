/** What was found of a token or in an incident, told and done about it? Questions of `tokenwatch explain`. */
import { z } from 'zod'
import type { SubjectKind, TokenId } from '../event.ts'
import type { RegisteredToken } from '../registry/registered-token.ts'
import { SEVERITIES } from '../severity.ts'
import type { Database } from './database.ts'

const time = z.iso.datetime().transform((text) => Date.parse(text))

/** What a text may mean: an incident's id (or that of one of its alerts), a token's id or name, a source. */
export interface Subject {
  readonly kind: 'incident' | Exclude<SubjectKind, 'pipeline'>
  readonly id: string
  readonly name: string
  /** Of the latest call or finding, 0 for none. */
  readonly lastMs: number
}

const subjectRow = z
  .object({ kind: z.enum(['incident', 'token', 'network']), id: z.string(), name: z.string(), last: time })
  .transform(({ last, ...row }): Subject => ({ ...row, lastMs: last }))

const SUBJECTS_MAX = 50

/** By id, else by name, in any case; the latest first. More than one only for a name that several tokens have. */
export async function findSubjects(db: Database, text: string): Promise<Subject[]> {
  const byId = await db.query(BY_ID_SQL, { text }, subjectRow)
  return byId.length > 0 ? byId.slice(0, 1) : db.query(BY_NAME_SQL, { text }, subjectRow)
}

const BY_ID_SQL = `
SELECT kind, id, any(called) AS name, max(at) AS last, min(rank) AS place FROM (
  SELECT 1 AS rank, 'incident' AS kind, incident_id AS id, token_name AS called, time AS at
  FROM findings WHERE incident_id = {text: String}
  UNION ALL
  SELECT 1, 'incident', incident_id, token_name, time FROM alerts
  WHERE alert_id = {text: String} AND incident_id IN (SELECT incident_id FROM findings)
  UNION ALL
  SELECT 2, 'token', token_id, '', last_seen FROM token_activity_hour WHERE token_id = {text: String}
  UNION ALL
  SELECT 2, 'token', token_id, name, toDateTime64(0, 3, 'UTC') FROM registered_tokens WHERE token_id = {text: String}
  UNION ALL
  SELECT 2, toString(subject_kind), subject, token_name, time FROM findings WHERE subject = {text: String}
)
GROUP BY kind, id ORDER BY place, last DESC`

const BY_NAME_SQL = `
SELECT 'token' AS kind, id, any(called) AS name, max(at) AS last FROM (
  SELECT token_id AS id, name AS called, toDateTime64(0, 3, 'UTC') AS at FROM registered_tokens
  WHERE lowerUTF8(name) = lowerUTF8({text: String})
  UNION ALL
  SELECT token_id, token_name, time FROM events
  WHERE token_id != '' AND lowerUTF8(token_name) = lowerUTF8({text: String})
  UNION ALL
  SELECT subject, token_name, time FROM findings
  WHERE subject_kind = 'token' AND lowerUTF8(token_name) = lowerUTF8({text: String})
)
GROUP BY id ORDER BY last DESC, id LIMIT ${SUBJECTS_MAX}`

const incidentRow = z.object({
  incident_id: z.string(),
  concern: z.string(),
  subject_kind: z.enum(['token', 'network']),
  subject: z.string(),
  token_name: z.string(),
  tenant: z.string(),
  began_at: time,
  last_at: time,
  surprise_bits: z.number(),
  findings: z.number(),
  detectors: z.array(z.string()),
  status: z.string(),
  severity: z.string(),
})
export type IncidentRow = z.infer<typeof incidentRow>

const INCIDENTS_SQL = `
SELECT incident_id, concern, subject_kind, subject, token_name, tenant, began_at, last_at, surprise_bits, findings,
  detectors, status, severity FROM incidents`

export async function readIncident(db: Database, incidentId: string): Promise<IncidentRow | undefined> {
  const rows = await db.query(`${INCIDENTS_SQL} WHERE incident_id = {id: String}`, { id: incidentId }, incidentRow)
  return rows[0]
}

/** The latest of a token or a source. */
export function latestIncidents(db: Database, subject: string, limit: number): Promise<IncidentRow[]> {
  const sql = `${INCIDENTS_SQL} WHERE subject = {subject: String} ORDER BY last_at DESC LIMIT {limit: UInt32}`
  return db.query(sql, { subject, limit }, incidentRow)
}

const findingRow = z.object({
  finding_id: z.string(),
  detector: z.string(),
  cause: z.string(),
  concern: z.string(),
  event_id: z.string(),
  time,
  bucket: time,
  step: z.number(),
  bits: z.number(),
  sum_bits: z.number(),
  window: time,
  carried_bits: z.number(),
  severity_min: z.string().transform((text) => SEVERITIES.find((severity) => severity === text)),
  grave: z.number().transform((flag) => flag === 1),
  seen: z.string(),
  normal: z.string(),
  numbers: z.record(z.string(), z.number()),
  snapshot: z.string(),
  ip: z.string(),
  country: z.string(),
  network: z.string(),
})
export type FindingRow = z.infer<typeof findingRow>

/** In the order in which they were found. */
export function incidentFindings(db: Database, incidentId: string, limit: number): Promise<FindingRow[]> {
  return db.query(
    `SELECT finding_id, detector, cause, concern, event_id, time, bucket, step, toFloat64(bits) AS bits,
       toFloat64(sum_bits) AS sum_bits, window, toFloat64(carried_bits) AS carried_bits, severity_min, grave, seen, normal,
       numbers, snapshot, ip, country, network
     FROM findings FINAL WHERE incident_id = {id: String}
     ORDER BY ingested_at, topic, partition, offset, record_index, findings.sum_bits, finding_id LIMIT {limit: UInt32}`,
    { id: incidentId, limit },
    findingRow,
  )
}

const toldRow = z.object({ kind: z.string(), severity: z.string(), time, surprise_bits: z.number() })
const doneRow = z.object({ action: z.string(), actor: z.string(), note: z.string(), acted_at: time })

/** What was told of an incident, and what people did with it. */
export async function incidentFate(db: Database, incidentId: string) {
  const params = { id: incidentId }
  const [alerts, actions] = await Promise.all([
    db.query(
      `SELECT kind, severity, time, surprise_bits FROM alerts FINAL WHERE incident_id = {id: String} ORDER BY time`,
      params,
      toldRow,
    ),
    db.query(
      `SELECT action, actor, note, acted_at FROM incident_actions FINAL WHERE incident_id = {id: String}
       ORDER BY acted_at`,
      params,
      doneRow,
    ),
  ])
  return { alerts, actions }
}

const registeredRow = z.object({
  source: z.string(),
  name: z.string(),
  owner: z.string(),
  tenant: z.string(),
  service: z.string(),
  scopes: z.array(z.string()),
  environment: z.string(),
  created_at: time,
  expires_at: time,
  revoked_at: time,
  compromised_at: time,
  rotated_from: z.string(),
})

/** What the registry says of a token as it stands, marks included. */
export async function readRegistered(
  db: Database,
  tokenId: string,
): Promise<{ readonly token: RegisteredToken; readonly source: string } | undefined> {
  const [row] = await db.query(
    `SELECT source, name, owner, tenant, service, scopes, environment, created_at, expires_at, revoked_at,
       compromised_at, rotated_from FROM registered_tokens WHERE token_id = {id: String}`,
    { id: tokenId },
    registeredRow,
  )
  if (row === undefined) return undefined
  const { source, created_at, expires_at, revoked_at, compromised_at, rotated_from, ...same } = row
  const token = {
    ...same,
    tokenId: tokenId as TokenId,
    createdAtMs: created_at as RegisteredToken['createdAtMs'],
    expiresAtMs: expires_at as RegisteredToken['expiresAtMs'],
    revokedAtMs: revoked_at as RegisteredToken['revokedAtMs'],
    compromisedAtMs: compromised_at as RegisteredToken['compromisedAtMs'],
    rotatedFrom: rotated_from as RegisteredToken['rotatedFrom'],
  }
  return { token, source }
}
