/** What does ClickHouse know of these tokens? Rebuilds their states from the rollups and from stored findings. */
import { z } from 'zod'
import { type Incident, createIncident } from '../alert/incident.ts'
import type { EventTimeMs, IncidentId, TokenId } from '../event.ts'
import type { TokenState } from '../fold.ts'
import { hourCounts, pruneActivity } from '../profile/activity.ts'
import { HOURS_KEPT, MONTHS_BACK, dayOf, hourOf, monthOf } from '../profile/calendar.ts'
import type { Dimension } from '../profile/dimension.ts'
import { DIMENSIONS } from '../profile/dimension.ts'
import type { TokenProfile } from '../profile/profile.ts'
import { addDays, capValues, pruneValues } from '../profile/values.ts'
import type { Horizon } from '../token-states.ts'
import type { Database } from './database.ts'

/** Tokens asked for in one query. */
const TOKENS_PER_QUERY = 2_000
const EVIDENCE_PER_INCIDENT = 20

const time = z.iso.datetime().transform((text) => Date.parse(text))

const valueRow = z.object({
  token_id: z.string(),
  dimension: z.enum(DIMENSIONS),
  value: z.string(),
  held: z.number(),
  month: z.iso.date(),
  entered_at: time,
  last_seen: time,
  days: z.number(),
})
const hourRow = z.object({
  token_id: z.string(),
  bucket: time,
  learned_calls: z.number(),
  held_calls: z.number(),
  refused: z.number(),
  unauthenticated: z.number(),
  active_at: time,
})
const incidentRow = z.object({
  subject: z.string(),
  incident_id: z.string(),
  detector: z.string(),
  bits: z.number(),
  first_at: time,
  last_at: time,
})
const evidenceRow = z.object({
  subject: z.string(),
  finding_id: z.string(),
  detector: z.string(),
  bits: z.number(),
  time,
  seen: z.string(),
  normal: z.string(),
  event_id: z.string(),
  ip: z.string(),
  country: z.string(),
  network: z.string(),
})
const stepRow = z.object({ subject: z.string(), detector: z.string(), last_bucket: time, last_step: z.number() })

/** Loads states, empty ones for tokens without history. What the horizon's block gives again is left out. */
export async function loadTokenStates(
  db: Database,
  create: (tokenId: TokenId) => TokenState,
  tokenIds: readonly TokenId[],
  horizon: Horizon,
): Promise<ReadonlyMap<TokenId, TokenState>> {
  const states = new Map(tokenIds.map((tokenId) => [tokenId, create(tokenId)]))
  for (let at = 0; at < tokenIds.length; at += TOKENS_PER_QUERY) {
    await loadSome(db, states, tokenIds.slice(at, at + TOKENS_PER_QUERY), horizon)
  }
  return states
}

async function loadSome(
  db: Database,
  states: ReadonlyMap<string, TokenState>,
  tokens: readonly TokenId[],
  horizon: Horizon,
): Promise<void> {
  const params = { tokens, topic: horizon.topic, partition: horizon.partition, offset: horizon.firstOffset }
  const [values, hours, incidents, evidence, steps] = await Promise.all([
    db.query(VALUES_SQL, params, valueRow),
    db.query(HOURS_SQL, params, hourRow),
    db.query(INCIDENTS_SQL, params, incidentRow),
    db.query(EVIDENCE_SQL, params, evidenceRow),
    db.query(STEPS_SQL, params, stepRow),
  ])
  for (const row of hours) {
    const { profile } = states.get(row.token_id) as TokenState
    profile.nowMs = Math.max(profile.nowMs, row.active_at)
  }
  for (const row of values) addValue((states.get(row.token_id) as TokenState).profile, row)
  for (const row of hours) addHour((states.get(row.token_id) as TokenState).profile, row)
  for (const row of incidents) addIncident(states.get(row.subject) as TokenState, row)
  for (const row of evidence) {
    const { time: timeMs, finding_id: findingId, event_id: eventId, ...rest } = row
    states.get(row.subject)?.incident?.evidence.push({
      findingId, eventId, timeMs: timeMs as EventTimeMs, detector: rest.detector, bits: rest.bits,
      seen: rest.seen, normal: rest.normal, ip: rest.ip, country: rest.country, network: rest.network,
    })
  }
  for (const row of steps) {
    states.get(row.subject)?.profile.raised.set(row.detector, { bucketMs: row.last_bucket, step: row.last_step })
  }
  for (const token of tokens) settle((states.get(token) as TokenState).profile)
}

/** Rows come newest month first, so that the month in which a value entered is known before older days are added. */
function addValue(profile: TokenProfile, row: z.infer<typeof valueRow>): void {
  const month = monthOf(Date.parse(row.month))
  if (month < monthOf(profile.nowMs) - MONTHS_BACK) return
  const table = (row.held === 1 ? profile.held : profile.learned)[row.dimension as Dimension]
  const entry = table.get(row.value)
  if (entry === undefined) {
    table.set(row.value, { enteredAtMs: row.entered_at, lastMs: row.last_seen, days: [month, row.days] })
    return
  }
  entry.enteredAtMs = Math.max(entry.enteredAtMs, row.entered_at)
  entry.lastMs = Math.max(entry.lastMs, row.last_seen)
  addDays(entry.days, month, row.days)
}

function addHour(profile: TokenProfile, row: z.infer<typeof hourRow>): void {
  const month = monthOf(row.bucket)
  if (month < monthOf(profile.nowMs) - MONTHS_BACK) return
  if (row.learned_calls > 0) {
    const bits = profile.activity.months.get(month) ?? new Uint32Array(24)
    profile.activity.months.set(month, bits)
    const hour = hourOf(row.bucket) - hourOf(Date.UTC(1970, month, 1))
    bits[hour >> 5] = (bits[hour >> 5] ?? 0) | (1 << (hour & 31))
  }
  if (hourOf(row.bucket) < hourOf(profile.nowMs) - HOURS_KEPT) return
  const counts = hourCounts(profile.activity, hourOf(row.bucket))
  counts.learned = row.learned_calls
  counts.held = row.held_calls
  counts.refused = row.refused
  counts.unauthenticated = row.unauthenticated
}

function addIncident(state: TokenState, row: z.infer<typeof incidentRow>): void {
  const incident: Incident = (state.incident ??= createIncident(row.incident_id as IncidentId, row.first_at))
  incident.bits += row.bits
  incident.bitsByDetector.set(row.detector, row.bits)
  incident.firstMs = Math.min(incident.firstMs, row.first_at)
  incident.lastMs = Math.max(incident.lastMs, row.last_at)
  state.profile.lastFindingMs = incident.lastMs
}

/** Brings what was read to the form in which the fold keeps it. */
function settle(profile: TokenProfile): void {
  const month = monthOf(profile.nowMs) - MONTHS_BACK
  pruneActivity(profile.activity, month, profile.nowMs)
  for (const dimension of DIMENSIONS) {
    for (const table of [profile.learned[dimension], profile.held[dimension]]) {
      for (const entry of table.values()) dropDaysBeforeEntry(entry)
      pruneValues(table, month)
      capValues(table, profile.settings.valuesMax)
    }
  }
}

/** Days before a value entered its table belong to an earlier stay there. */
function dropDaysBeforeEntry(entry: { readonly enteredAtMs: number; readonly days: number[] }): void {
  if (entry.enteredAtMs === 0) return
  const enteredMonth = monthOf(entry.enteredAtMs)
  const firstDay = dayOf(entry.enteredAtMs) - dayOf(Date.UTC(1970, enteredMonth, 1))
  for (let at = entry.days.length - 2; at >= 0; at -= 2) {
    const month = entry.days[at] ?? 0
    if (month < enteredMonth) entry.days.splice(at, 2)
    else if (month === enteredMonth) entry.days[at + 1] = (entry.days[at + 1] ?? 0) & (-1 << firstDay)
  }
}

const VALUES_SQL = `
SELECT token_id, dimension, value, held, month,
  max(entered_at) AS entered_at, max(last_seen) AS last_seen, groupBitOr(days) AS days
FROM token_values WHERE token_id IN {tokens: Array(String)}
GROUP BY token_id, dimension, value, held, month`

const HOURS_SQL = `
SELECT token_id, bucket, sumIf(calls, held = 0) AS learned_calls, sumIf(calls, held = 1) AS held_calls,
  sum(unauthorized + forbidden + not_found + rate_limited) AS refused, sum(unauthorized) AS unauthenticated,
  max(last_seen) AS active_at
FROM token_activity_hour WHERE token_id IN {tokens: Array(String)}
GROUP BY token_id, bucket ORDER BY token_id, bucket`

/** Findings of these tokens, without those that the block in hand gives again. */
const PAST_FINDINGS = `findings FINAL
WHERE subject_kind = 'token' AND subject IN {tokens: Array(String)}
  AND NOT (topic = {topic: String} AND partition = {partition: UInt32} AND offset >= {offset: UInt64})`

/** The open incident of a token is the one with the latest finding. */
const OPEN_INCIDENTS = `
SELECT subject, argMax(incident_id, time) FROM ${PAST_FINDINGS} GROUP BY subject`

const INCIDENTS_SQL = `
SELECT subject, incident_id, detector, sum(toFloat64(bits)) AS bits, min(time) AS first_at, max(time) AS last_at
FROM ${PAST_FINDINGS} AND (subject, incident_id) IN (${OPEN_INCIDENTS})
GROUP BY subject, incident_id, detector`

const EVIDENCE_SQL = `
SELECT subject, finding_id, detector, toFloat64(bits) AS bits, time, seen, normal, event_id, ip, country, network
FROM ${PAST_FINDINGS} AND (subject, incident_id) IN (${OPEN_INCIDENTS})
ORDER BY subject, findings.bits DESC, finding_id
LIMIT ${EVIDENCE_PER_INCIDENT} BY subject`

const STEPS_SQL = `
SELECT subject, detector, max(bucket) AS last_bucket, argMax(step, (bucket, step)) AS last_step
FROM ${PAST_FINDINGS} AND step > 0
GROUP BY subject, detector`
