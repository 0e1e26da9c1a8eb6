/** What does ClickHouse know of these tokens? Rebuilds their states from the rollups and from stored findings. */
import { z } from 'zod'
import { EVIDENCE_MAX } from '../alert/incident.ts'
import { CONCERNS } from '../detect/detector.ts'
import type { TokenId } from '../event.ts'
import type { TokenState } from '../fold.ts'
import { DIMENSIONS } from '../profile/dimension.ts'
import { handOver, takeOver } from '../profile/handover.ts'
import { dropProfile, hasHistory } from '../profile/profile.ts'
import type { Rotation } from '../registry/registered-token.ts'
import { SEVERITIES } from '../severity.ts'
import type { Horizon } from '../token-states.ts'
import type { Database } from './database.ts'
import { keepHandover, readHandovers } from './handovers.ts'
import { fillStates } from './profile-rows.ts'

/** Tokens asked for in one query, and how much text their ids may be: a parameter holds 128 KiB, escapes included. */
const TOKENS_PER_QUERY = 2_000
const ID_BYTES_PER_QUERY = 60_000

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
  bytes: z.number(),
  refused: z.number(),
  unauthenticated: z.number(),
  limited: z.number(),
  network_turns: z.number(),
  address_turns: z.number(),
  active_at: time,
})
const fiveMinutesRow = z.object({ token_id: z.string(), bucket: time, calls: z.number() })
const windowRow = z.object({
  subject: z.string(),
  detector: z.string(),
  cause: z.string(),
  bits: z.number(),
  time,
  bucket: time,
  sum_bits: z.number(),
  window: time,
  carried_bits: z.number(),
})
const incidentRow = z.object({
  subject: z.string(),
  concern: z.enum(CONCERNS),
  incident_id: z.string(),
  detector: z.string(),
  bits: z.number(),
  sum_bits: z.number(),
  severity_rank: z.number(),
  grave: z.number(),
  reopening: z.number(),
  first_at: time,
  last_at: time,
})
const evidenceRow = z.object({
  subject: z.string(),
  concern: z.enum(CONCERNS),
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

/**
 * Loads states, empty ones for tokens without history. What the horizon's block gives again is left out.
 * @param rotationOf what a token without history takes over.
 */
export async function loadTokenStates(
  db: Database,
  create: (tokenId: TokenId) => TokenState,
  tokenIds: readonly TokenId[],
  horizon: Horizon,
  rotationOf: (tokenId: TokenId) => Rotation | undefined = () => undefined,
): Promise<ReadonlyMap<TokenId, TokenState>> {
  const loaded = new Map<TokenId, TokenState>()
  for (const batch of batchesOf(tokenIds)) {
    const states = new Map(batch.map((tokenId) => [tokenId, create(tokenId)]))
    await loadSome(db, states, horizon)
    for (const [tokenId, state] of states) loaded.set(tokenId, state)
  }
  const rotations = new Map<TokenId, Rotation>()
  for (const [tokenId, { profile }] of loaded) {
    const rotation = hasHistory(profile) ? undefined : rotationOf(tokenId)
    if (rotation !== undefined) rotations.set(tokenId, rotation)
  }
  if (rotations.size > 0) await handOn(db, create, loaded, horizon, rotations)
  return loaded
}

/** Gives each of these tokens what the nearest of its predecessors that was ever used is known for. */
async function handOn(
  db: Database,
  create: (tokenId: TokenId) => TokenState,
  loaded: ReadonlyMap<TokenId, TokenState>,
  horizon: Horizon,
  rotations: ReadonlyMap<TokenId, Rotation>,
): Promise<void> {
  const wanted = new Set([...rotations.values()].flatMap(({ predecessors }) => predecessors))
  const known = await loadTokenStates(db, create, [...wanted], horizon)
  for (const [tokenId, { predecessors, createdAtMs }] of rotations) {
    const predecessor = predecessors.find((each) => hasHistory((known.get(each) as TokenState).profile))
    if (predecessor === undefined) continue
    const handover = handOver((known.get(predecessor) as TokenState).profile, createdAtMs)
    if (handover === undefined) continue
    const kept = await keepHandover(db, tokenId, predecessor, createdAtMs, handover)
    takeOver((loaded.get(tokenId) as TokenState).profile, kept)
  }
  for (const { profile } of known.values()) dropProfile(profile)
}

function* batchesOf(tokenIds: readonly TokenId[]): Generator<readonly TokenId[]> {
  let batch: TokenId[] = []
  let bytes = 0
  for (const tokenId of tokenIds) {
    const more = Buffer.byteLength(JSON.stringify(tokenId)) + 1
    if (batch.length === TOKENS_PER_QUERY || (batch.length > 0 && bytes + more > ID_BYTES_PER_QUERY)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(tokenId)
    bytes += more
  }
  if (batch.length > 0) yield batch
}

async function loadSome(db: Database, states: ReadonlyMap<TokenId, TokenState>, horizon: Horizon): Promise<void> {
  const params = {
    tokens: [...states.keys()],
    topic: horizon.topic,
    partition: horizon.partition,
    offset: horizon.firstOffset,
  }
  const [handovers, values, hours, fiveMinutes, windows, incidents, evidence, steps] = await Promise.all([
    readHandovers(db, [...states.keys()]),
    db.query(VALUES_SQL, params, valueRow),
    db.query(HOURS_SQL, params, hourRow),
    db.query(FIVE_MINUTES_SQL, params, fiveMinutesRow),
    db.query(WINDOWS_SQL, params, windowRow),
    db.query(INCIDENTS_SQL, params, incidentRow),
    db.query(EVIDENCE_SQL, params, evidenceRow),
    db.query(STEPS_SQL, params, stepRow),
  ])
  for (const [tokenId, handover] of handovers) takeOver((states.get(tokenId) as TokenState).profile, handover)
  fillStates(states, { values, hours, fiveMinutes, windows, incidents, evidence, steps })
}

const VALUES_SQL = `
SELECT token_id, dimension, value, held, month,
  max(entered_at) AS entered_at, max(last_seen) AS last_seen, groupBitOr(days) AS days
FROM token_values WHERE token_id IN {tokens: Array(String)}
GROUP BY token_id, dimension, value, held, month`

const HOURS_SQL = `
SELECT token_id, bucket, sumIf(calls, held = 0) AS learned_calls, sumIf(calls, held = 1) AS held_calls,
  sum(token_activity_hour.bytes) AS bytes,
  sum(unauthorized + forbidden + not_found) AS refused, sum(unauthorized) AS unauthenticated,
  sum(rate_limited) AS limited,
  sum(token_activity_hour.network_turns) AS network_turns, sum(token_activity_hour.address_turns) AS address_turns,
  max(last_seen) AS active_at
FROM token_activity_hour WHERE token_id IN {tokens: Array(String)}
GROUP BY token_id, bucket ORDER BY token_id, bucket`

/** Of each token the day that ends with its latest call: the profile counts no more of it. */
const FIVE_MINUTES_SQL = `
SELECT token_id, bucket, sum(token_activity_5min.calls) AS calls
FROM token_activity_5min
INNER JOIN (
  SELECT token_id, max(last_seen) AS active_at FROM token_activity_hour
  WHERE token_id IN {tokens: Array(String)} GROUP BY token_id) AS latest USING token_id
WHERE token_id IN {tokens: Array(String)} AND bucket > latest.active_at - INTERVAL 1 DAY
GROUP BY token_id, bucket HAVING calls > 0 ORDER BY token_id, bucket`

/** Findings of these tokens, without those that the block in hand gives again. */
const PAST_FINDINGS = `findings FINAL
WHERE subject_kind = 'token' AND subject IN {tokens: Array(String)}
  AND NOT (topic = {topic: String} AND partition = {partition: UInt32} AND offset >= {offset: UInt64})`

/**
 * Of what carries a window: late findings that stand apart, and those of other concerns, are no part of the sum. Within
 * one event the sum grows from finding to finding, which puts them in order.
 */
const WINDOWS_SQL = `
SELECT subject, detector, cause, toFloat64(bits) AS bits, time, bucket, toFloat64(sum_bits) AS sum_bits, window,
  toFloat64(carried_bits) AS carried_bits
FROM ${PAST_FINDINGS} AND (subject, window) IN (
  SELECT subject, max(window) FROM ${PAST_FINDINGS} AND window > toDateTime64(0, 3) GROUP BY subject)
ORDER BY subject, ingested_at, topic, partition, offset, record_index, findings.sum_bits`

/** A token's open incident of a concern is the one with the latest finding. */
const OPEN_INCIDENTS = `
SELECT subject, argMax(incident_id, time) FROM ${PAST_FINDINGS} GROUP BY subject, concern`

const SEVERITY_LIST = SEVERITIES.map((severity) => `'${severity}'`).join(', ')

const INCIDENTS_SQL = `
SELECT subject, concern, incident_id, detector, sum(toFloat64(bits)) AS bits, max(toFloat64(sum_bits)) AS sum_bits,
  max(indexOf([${SEVERITY_LIST}], toString(severity_min))) AS severity_rank, max(findings.grave) AS grave,
  max(findings.reopening) AS reopening,
  min(time) AS first_at, max(time) AS last_at
FROM ${PAST_FINDINGS} AND (subject, incident_id) IN (${OPEN_INCIDENTS})
GROUP BY subject, concern, incident_id, detector`

const EVIDENCE_SQL = `
SELECT subject, concern, finding_id, detector, toFloat64(bits) AS bits, time, seen, normal, event_id, ip, country, network
FROM ${PAST_FINDINGS} AND (subject, incident_id) IN (${OPEN_INCIDENTS})
ORDER BY subject, findings.bits DESC, finding_id
LIMIT ${EVIDENCE_MAX} BY subject, incident_id`

const STEPS_SQL = `
SELECT subject, detector, max(bucket) AS last_bucket, argMax(step, (bucket, step)) AS last_step
FROM ${PAST_FINDINGS} AND step > 0
GROUP BY subject, detector`
