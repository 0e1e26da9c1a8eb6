/** From rows of the rollups and of findings to token states: the pure half of loading a profile. */
import { resumeEvidence } from '../alert/evidence.ts'
import { createIncident, gravest } from '../alert/incident.ts'
import { evidenceOf, setOpen } from '../alert/joining.ts'
import type { Concern } from '../detect/detector.ts'
import type { EventTimeMs, IncidentId } from '../event.ts'
import type { TokenState } from '../fold.ts'
import { markActive, pruneActivity } from '../profile/activity.ts'
import { HOURS_KEPT, MONTHS_BACK, hourOf, monthOf } from '../profile/calendar.ts'
import { countFiveMinutes, fiveMinutesOf } from '../profile/five-minutes.ts'
import { addToHour } from '../profile/hours.ts'
import { DIMENSIONS, type Dimension } from '../profile/dimension.ts'
import { type TokenProfile, ownTable, setRaised } from '../profile/profile.ts'
import { forgetPassed } from '../profile/marks.ts'
import { SEVERITIES } from '../severity.ts'
import { capValues, dropDaysBeforeEntry, mergeValue, pruneValues } from '../profile/values.ts'
import { ROOT } from '../profile/vocabulary.ts'

/** One value of one token in one month, as `token_values` holds it. Times are milliseconds since 1970. */
export interface ValueRow {
  readonly token_id: string
  readonly dimension: Dimension
  readonly value: string
  /** 1 for quarantine. */
  readonly held: number
  /** First day of the month, `2026-03-01`. */
  readonly month: string
  /** 0 when the value entered the profile in another month. */
  readonly entered_at: number
  readonly last_seen: number
  /** Bit d-1 stands for day d. */
  readonly days: number
}

/** One hour of one token, as `token_activity_hour` holds it. Rows of a token come in the order of their hours. */
export interface HourRow {
  readonly token_id: string
  readonly bucket: number
  readonly learned_calls: number
  readonly held_calls: number
  readonly refused: number
  readonly unauthenticated: number
  readonly limited: number
  readonly bytes: number
  readonly network_turns: number
  readonly address_turns: number
  /** Time of the latest call of the token's own, 0 for none. */
  readonly active_at: number
}

/** Five minutes of one token's last day, as `token_activity_5min` holds them. Rows of a token come in their order. */
export interface FiveMinutesRow {
  readonly token_id: string
  readonly bucket: number
  readonly calls: number
}

/** What one detector added to a token's open incident of a concern. */
export interface IncidentRow {
  readonly subject: string
  readonly concern: Concern
  readonly incident_id: string
  readonly detector: string
  readonly bits: number
  /** The most that the evidence came to with a finding of this detector. */
  readonly sum_bits: number
  /** Place of the gravest `severity_min` in `SEVERITIES`, from 1; 0 for none. */
  readonly severity_rank: number
  /** 1 where a finding was grave in itself. */
  readonly grave: number
  /** How often the incident had been resolved when it took in its latest finding. */
  readonly reopening: number
  readonly first_at: number
  readonly last_at: number
}

/** One finding of the latest window of a token's evidence. Rows of a token come in the order of the log. */
export interface WindowRow {
  readonly subject: string
  readonly detector: string
  readonly cause: string
  readonly bits: number
  readonly time: number
  readonly bucket: number
  readonly sum_bits: number
  readonly window: number
  readonly carried_bits: number
}

/** One finding of a token's open incident of a concern. Rows come strongest first, ties by finding id. */
export interface EvidenceRow {
  readonly subject: string
  readonly concern: Concern
  readonly finding_id: string
  readonly detector: string
  readonly bits: number
  readonly time: number
  readonly seen: string
  readonly normal: string
  readonly event_id: string
  readonly ip: string
  readonly country: string
  readonly network: string
}

/** The latest bucket in which a bucketed detector raised something, and the highest step there. */
export interface StepRow {
  readonly subject: string
  readonly detector: string
  readonly last_bucket: number
  readonly last_step: number
}

export interface ProfileRows {
  readonly values: readonly ValueRow[]
  readonly hours: readonly HourRow[]
  readonly fiveMinutes: readonly FiveMinutesRow[]
  readonly windows: readonly WindowRow[]
  readonly incidents: readonly IncidentRow[]
  readonly evidence: readonly EvidenceRow[]
  readonly steps: readonly StepRow[]
}

/** Adds what the rows say to states, marks set, that hold at most what was handed on. Each row's token must be among them. */
export function fillStates(states: ReadonlyMap<string, TokenState>, rows: ProfileRows): void {
  const stateOf = (tokenId: string) => states.get(tokenId) as TokenState
  for (const row of rows.hours) {
    const { profile } = stateOf(row.token_id)
    profile.nowMs = Math.max(profile.nowMs, row.active_at)
  }
  for (const row of rows.values) addValue(stateOf(row.token_id).profile, row)
  for (const { token_id, bucket, calls } of rows.fiveMinutes) {
    countFiveMinutes(stateOf(token_id).profile.fine, fiveMinutesOf(bucket), calls)
  }
  for (const row of rows.hours) addHour(stateOf(row.token_id).profile, row)
  for (const row of rows.windows) addToWindow(stateOf(row.subject), row)
  for (const row of rows.incidents) addIncident(stateOf(row.subject), row)
  for (const row of rows.evidence) addEvidence(stateOf(row.subject), row)
  for (const row of rows.steps) {
    setRaised(stateOf(row.subject).profile, row.detector, { bucketMs: row.last_bucket, step: row.last_step })
  }
  for (const { profile } of states.values()) settle(profile)
}

/** Months come in any order: days from before the value entered are dropped when all are there. */
function addValue(profile: TokenProfile, row: ValueRow): void {
  const month = monthOf(Date.parse(row.month))
  if (month < monthOf(profile.nowMs) - MONTHS_BACK) return
  const table = ownTable(profile, row.held === 1 ? 'held' : 'learned', row.dimension)
  const node = table.vocabulary.intern(ROOT[row.dimension], row.value)
  mergeValue(table, node, { enteredAtMs: row.entered_at, lastMs: row.last_seen, month, days: row.days })
  table.vocabulary.release(node)
}

function addHour(profile: TokenProfile, row: HourRow): void {
  const month = monthOf(row.bucket)
  if (month < monthOf(profile.nowMs) - MONTHS_BACK) return
  if (row.learned_calls > 0) markActive(profile.activity, row.bucket)
  if (hourOf(row.bucket) < hourOf(profile.nowMs) - HOURS_KEPT) return
  addToHour(profile.activity.hours, {
    hour: hourOf(row.bucket),
    learned: row.learned_calls,
    held: row.held_calls,
    refused: row.refused,
    unauthenticated: row.unauthenticated,
    limited: row.limited,
    bytes: row.bytes,
    networkTurns: row.network_turns,
    addressTurns: row.address_turns,
  })
}

function addToWindow(state: TokenState, row: WindowRow): void {
  resumeEvidence(evidenceOf(state), {
    detector: row.detector,
    cause: row.cause,
    bits: row.bits,
    timeMs: row.time,
    bucketMs: row.bucket,
    sumBits: row.sum_bits,
    windowMs: row.window,
    carriedBits: row.carried_bits,
  })
}

function addIncident(state: TokenState, row: IncidentRow): void {
  const incident =
    state.incidents[row.concern] ?? createIncident(row.incident_id as IncidentId, row.concern, row.first_at)
  setOpen(state, incident)
  incident.bits = Math.max(incident.bits, row.sum_bits)
  incident.severityMin = gravest(incident.severityMin, SEVERITIES[row.severity_rank - 1])
  incident.isGrave ||= row.grave === 1
  incident.reopening = Math.max(incident.reopening, row.reopening)
  incident.bitsByDetector.set(row.detector, row.bits)
  incident.firstMs = Math.min(incident.firstMs, row.first_at)
  incident.lastMs = Math.max(incident.lastMs, row.last_at)
  if (row.concern === 'misuse') state.profile.lastFindingMs = incident.lastMs
}

function addEvidence(state: TokenState, row: EvidenceRow): void {
  state.incidents[row.concern]?.evidence.push({
    findingId: row.finding_id,
    eventId: row.event_id,
    timeMs: row.time as EventTimeMs,
    detector: row.detector,
    bits: row.bits,
    seen: row.seen,
    normal: row.normal,
    ip: row.ip,
    country: row.country,
    network: row.network,
  })
}

/** Brings what was read to the form in which the fold keeps it. */
function settle(profile: TokenProfile): void {
  const month = monthOf(profile.nowMs) - MONTHS_BACK
  pruneActivity(profile.activity, month, profile.nowMs)
  forgetPassed(profile, profile.nowMs)
  for (const dimension of DIMENSIONS) {
    for (const table of [profile.learned[dimension], profile.held[dimension]]) {
      dropDaysBeforeEntry(table)
      pruneValues(table, month)
      const forgotten = profile.forgotten?.get(table)
      if (forgotten !== undefined) pruneValues(forgotten, month)
      capValues(table, profile.settings.valuesMax, forgotten)
    }
  }
}
