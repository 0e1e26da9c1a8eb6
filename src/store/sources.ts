/** What did sources do with tokens to which they are new, whom are they home to, and what was found of them already? */
import { z } from 'zod'
import { CAUSES, CONCERNS } from '../detect/detector.ts'
import type { Finding } from '../detect/finding.ts'
import type { EventId, EventTimeMs, FindingId, IncidentId, TokenId } from '../event.ts'
import { SEVERITIES } from '../severity.ts'
import { AT_HOME, type Sight, type SourceEvent, unpackSight } from '../sources/sight.ts'
import type { Database } from './database.ts'
import { findingColumns } from './rows.ts'

/** A token's latest call of one outcome within ten minutes, and how it stood to the source. */
export interface Visit {
  readonly event: SourceEvent
  readonly sight: Sight
}

const time = z.iso.datetime().transform((text) => Date.parse(text) as EventTimeMs)
const tokenId = z.string().transform((id) => id as TokenId)

const visitRow = z
  .object({
    token_id: tokenId,
    network: z.string(),
    prefix: z.string(),
    address: z.string(),
    time,
    event_id: z.string().transform((id) => id as EventId),
    sight: z.number(),
    home: z.string(),
    tenant: z.string(),
    token_name: z.string(),
    status: z.number(),
    ip: z.string(),
    country: z.string(),
    network_name: z.string(),
    topic: z.string(),
    partition: z.number(),
    offset: z.number(),
    record_index: z.number(),
  })
  .transform((row): Visit => {
    const { topic, partition, offset } = row
    return {
      event: {
        eventId: row.event_id,
        timeMs: row.time,
        tokenId: row.token_id,
        tokenName: row.token_name,
        tenant: row.tenant,
        status: row.status,
        ip: row.ip,
        country: row.country,
        network: row.network,
        networkName: row.network_name,
        prefix: row.prefix,
        address: row.address,
        position: { topic, partition, offset, index: row.record_index },
      },
      sight: unpackSight(row) as Sight,
    }
  })

/** Later than any event. */
const END_MS = Date.UTC(2100, 0, 1)

const TUPLE = [
  'time',
  'event_id',
  'sight',
  'home',
  'tenant',
  'token_name',
  'status',
  'ip',
  'country',
  'network_name',
  'topic',
  'partition',
  'offset',
  'record_index',
] as const

/** Visits from the ten minutes on that hold `fromMs`, before `untilMs`, in the order of event time. */
export function visitsSince(db: Database, fromMs: number, untilMs = END_MS): Promise<Visit[]> {
  return db.query(
    `SELECT token_id, network, prefix, address, ${TUPLE.map((name) => `visit.${name} AS ${name}`).join(', ')}
     FROM (
       SELECT bucket, network, prefix, address, token_id, outcome, max(latest) AS visit
       FROM source_visits WHERE bucket >= toStartOfTenMinutes(fromUnixTimestamp64Milli({from: Int64}))
         AND bucket < fromUnixTimestamp64Milli({until: Int64})
       GROUP BY bucket, network, prefix, address, token_id, outcome)
     ORDER BY time, event_id`,
    { from: fromMs, until: untilMs },
    visitRow,
  )
}

/** Companies of an address that are read: more do not matter. */
const HOMES_MAX = 3

const homeRow = z
  .object({ network: z.string(), prefix: z.string(), address: z.string(), tenant: z.string(), token_id: tokenId })
  .transform(({ token_id, ...source }) => ({ ...source, tokenId: token_id }))

/**
 * Visits of regulars: a token of each company that has known an address for more than a day, in the prefixes where tokens
 * came newly from the ten minutes on that hold `fromMs`. They are made up, at that time: no event stands behind them.
 */
export async function homesSince(db: Database, fromMs: number): Promise<Visit[]> {
  const homes = await db.query(
    `SELECT network, prefix, address, tenant, any(token_id) AS token_id
     FROM (
       SELECT network, prefix, address, token_id, max(source_homes.tenant) AS tenant FROM source_homes
       WHERE (network, prefix) IN (
         SELECT network, prefix FROM source_visits
         WHERE bucket >= toStartOfTenMinutes(fromUnixTimestamp64Milli({from: Int64})))
       GROUP BY network, prefix, address, token_id)
     GROUP BY network, prefix, address, tenant
     ORDER BY network, prefix, address, tenant
     LIMIT {limit: UInt32} BY address`,
    { from: fromMs, limit: HOMES_MAX },
    homeRow,
  )
  return homes.map((home) => ({ event: { ...NO_CALL, ...home, timeMs: fromMs as EventTimeMs }, sight: AT_HOME }))
}

const NO_CALL = {
  eventId: '' as EventId,
  tokenName: '',
  status: 200,
  ip: '',
  country: '',
  networkName: '',
  position: { topic: '', partition: 0, offset: 0, index: 0 },
} as const

/** In how many hours networks were in use: of their addresses it is known only that it were not fewer. */
export async function activeSourceHours(db: Database, fromMs: number, untilMs = END_MS): Promise<number> {
  const [row] = await db.query(
    `SELECT uniqExact(network, toStartOfHour(bucket)) AS hours FROM source_activity
     WHERE bucket >= fromUnixTimestamp64Milli({from: Int64}) AND bucket < fromUnixTimestamp64Milli({until: Int64})`,
    { from: fromMs, until: untilMs },
    z.object({ hours: z.number() }),
  )
  return row?.hours ?? 0
}

/** The event time that every log has reached, but at most `spanMs` before the furthest one; 0 without events. */
export async function reachedMs(db: Database, spanMs: number): Promise<number> {
  const [row] = await db.query(
    `SELECT toUnixTimestamp64Milli(min(reached)) AS least, toUnixTimestamp64Milli(max(reached)) AS most
     FROM (SELECT topic, partition, max(greatest_time) AS reached FROM positions GROUP BY topic, partition)`,
    {},
    z.object({ least: z.number(), most: z.number() }),
  )
  return row === undefined ? 0 : Math.max(row.least, row.most - spanMs, 0)
}

const findingRow = z
  .object({
    finding_id: z.string().transform((id) => id as FindingId),
    incident_id: z.string().transform((id) => id as IncidentId),
    subject: z.string(),
    tenant: z.string(),
    detector: z.string(),
    cause: z.enum(CAUSES),
    concern: z.enum(CONCERNS),
    event_id: z.string().transform((id) => id as EventId),
    time,
    bucket: time,
    step: z.number(),
    bits: z.number(),
    seen: z.string(),
    normal: z.string(),
    numbers: z.record(z.string(), z.number()),
    severity_min: z.enum([...SEVERITIES, '']),
    reopening: z.number(),
    ip: z.string(),
    country: z.string(),
    network: z.string(),
    topic: z.string(),
    partition: z.number(),
    offset: z.number(),
    record_index: z.number(),
  })
  .transform(({ topic, partition, offset, ...row }): Finding => ({
    findingId: row.finding_id,
    incidentId: row.incident_id,
    subjectKind: 'network',
    subject: row.subject,
    tokenName: '',
    tenant: row.tenant,
    detector: row.detector,
    cause: row.cause,
    concern: row.concern,
    eventId: row.event_id,
    timeMs: row.time,
    bucketMs: row.bucket,
    step: row.step,
    bits: row.bits,
    seen: row.seen,
    normal: row.normal,
    numbers: row.numbers,
    sumBits: 0,
    windowMs: 0,
    carriedBits: 0,
    severityMin: row.severity_min === '' ? undefined : row.severity_min,
    isGrave: false,
    reopening: row.reopening,
    snapshot: '',
    ip: row.ip,
    country: row.country,
    network: row.network,
    position: { topic, partition, offset, index: row.record_index },
  }))

/** Findings of sources since then, in the order in which they were made. */
export function sourceFindingsSince(db: Database, fromMs: number): Promise<Finding[]> {
  return db.query(
    `SELECT finding_id, incident_id, subject, tenant, detector, cause, concern, event_id, time, bucket, step,
       toFloat64(bits) AS bits, seen, normal, numbers, severity_min, reopening, ip, country, network,
       topic, partition, offset, record_index
     FROM findings FINAL
     WHERE subject_kind = 'network' AND time >= fromUnixTimestamp64Milli({from: Int64})
     ORDER BY ingested_at, time, step`,
    { from: fromMs },
    findingRow,
  )
}

/** Stores findings that no block carries; the same ids again change nothing. */
export async function insertFindings(db: Database, findings: readonly Finding[], ingestedAtMs: number): Promise<void> {
  const token = `findings/${findings.map(({ findingId }) => findingId).join('/')}`
  await db.insert('findings', findingColumns(findings, ingestedAtMs), findings.length, token)
}
