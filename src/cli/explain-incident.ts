/** `explain INCIDENT`: each finding with its arithmetic, how they add up, the severity, and the query for the evidence. */
import { type SubjectColumn, evidenceQuery } from '../alert/evidence-query.ts'
import { type EvidenceSettings, weighWindow, windowOf } from '../alert/evidence.ts'
import { gravest, severityOf } from '../alert/incident.ts'
import type { Concern, DetectorDefinition } from '../detect/detector.ts'
import { detectorDefinitions } from '../detect/index.ts'
import { HOUR_MS, MINUTE_MS } from '../settings.ts'
import type { FindingRow, IncidentRow, incidentFate } from '../store/explain.ts'
import { clip } from '../text.ts'
import { tableText, timeText } from './listing.ts'

export interface ExplainedIncident {
  readonly incident: IncidentRow
  /** In the order in which they were found; the first of very many. */
  readonly findings: readonly FindingRow[]
  readonly fate: Awaited<ReturnType<typeof incidentFate>>
  readonly isPowerful: boolean
  readonly thresholdBits: number
  readonly settings: EvidenceSettings
  readonly database: string
}

const EVENT_IDS_MAX = 20

export function arithmeticOf(finding: FindingRow): string {
  const definitions: readonly DetectorDefinition[] = detectorDefinitions
  const definition = definitions.find(({ name }) => name === finding.detector)
  return definition?.explain?.(finding) ?? ''
}

/** Findings that were weighed together. */
interface WeighedFindings {
  readonly findings: readonly FindingRow[]
  readonly carriedBits: number
  readonly weighed: ReturnType<typeof weighWindow>
  /** As it was stored with the last of them. */
  readonly sumBits: number
}

/** A late finding stands for itself, with those of its event; other concerns than misuse are summed up plainly. */
function windowsOf({ findings, settings }: ExplainedIncident): WeighedFindings[] {
  // Findings from before sums were kept have no cause.
  const misuse = findings.filter(({ concern, cause }) => concern === 'misuse' && cause !== '')
  const groups = Map.groupBy(misuse, ({ window, event_id }) => (window === 0 ? event_id : window))
  return [...groups.values()].map((members) => {
    const last = members.at(-1) as FindingRow
    const window = windowOf(members.map((row) => ({ ...row, timeMs: row.time, bucketMs: row.bucket })))
    return {
      findings: members,
      carriedBits: last.carried_bits,
      weighed: weighWindow(window, settings),
      sumBits: last.sum_bits,
    }
  })
}

function severityNow({ incident, findings, isPowerful, thresholdBits }: ExplainedIncident) {
  const standing = {
    concern: incident.concern as Concern,
    firstMs: incident.began_at,
    bits: incident.surprise_bits,
    severityMin: findings.reduce<FindingRow['severity_min']>((most, row) => gravest(most, row.severity_min), undefined),
    isGrave: findings.some(({ grave }) => grave),
  }
  return { ...standing, severity: severityOf(standing, isPowerful, thresholdBits) }
}

/** The calls themselves, in ClickHouse. Of a source all are looked at: its findings stand in no event. */
export function queryOf({ incident, findings, database }: ExplainedIncident): string {
  const isToken = incident.subject_kind === 'token'
  const strongest = [...findings].sort((a, b) => b.bits - a.bits)
  const eventIds = [...new Set(strongest.map(({ event_id }) => event_id))].slice(0, EVENT_IDS_MAX)
  return evidenceQuery({
    database,
    subject: incident.subject,
    column: isToken ? 'token_id' : columnOf(incident.subject),
    detectors: isToken ? incident.detectors : [],
    eventIds: isToken ? eventIds : [],
    fromMs: incident.began_at - HOUR_MS,
    toMs: incident.last_at + HOUR_MS,
  })
}

/** On which level a source is: an IPv6 address stands for its /64. */
function columnOf(source: string): SubjectColumn {
  if (/^\d+\.\d+\.\d+\.\d+$|\/64$/.test(source)) return 'address'
  return source.includes('/') ? 'prefix' : 'network'
}

export function incidentJson(explained: ExplainedIncident): object {
  const { incident, findings, fate, thresholdBits } = explained
  const { severityMin, isGrave, severity } = severityNow(explained)
  return {
    ...incident,
    began_at: rfc3339(incident.began_at),
    last_at: rfc3339(incident.last_at),
    threshold_bits: thresholdBits,
    severity: severity ?? '',
    severity_min: severityMin ?? '',
    grave: isGrave,
    powerful_token: explained.isPowerful,
    findings: findings.map(({ time, bucket, window, severity_min, ...row }) => ({
      ...row,
      time: rfc3339(time),
      bucket: rfc3339(bucket),
      window: rfc3339(window),
      severity_min: severity_min ?? '',
      arithmetic: arithmeticOf({ time, bucket, window, severity_min, ...row }),
    })),
    windows: windowsOf(explained).map(({ findings: members, carriedBits, weighed, sumBits }) => ({
      findings: members.map(({ finding_id }) => finding_id),
      carried_bits: carriedBits,
      causes: weighed.causes.map(({ cause, detector, bits, leftBits }) => ({
        cause,
        detector,
        bits,
        left_bits: leftBits,
      })),
      coincidence_bits: weighed.coincidenceBits,
      bits: carriedBits + weighed.bits,
      stored_bits: sumBits,
    })),
    alerts: fate.alerts.map((alert) => ({ ...alert, time: rfc3339(alert.time) })),
    actions: fate.actions.map((action) => ({ ...action, acted_at: rfc3339(action.acted_at) })),
    evidence_query: queryOf(explained),
  }
}

/** '' for none. */
function rfc3339(timeMs: number): string {
  return timeMs === 0 ? '' : new Date(timeMs).toISOString()
}

export function incidentText(explained: ExplainedIncident): string {
  const { incident, findings } = explained
  const name = incident.token_name === '' ? '' : `${clip(incident.token_name, 100)}, `
  const more = findings.length < incident.findings ? `Only the first ${findings.length} findings are shown.\n` : ''
  return [
    `Incident ${incident.incident_id} of ${incident.subject_kind} ${name}${clip(incident.subject, 200)}\n` +
      `Began ${timeText(incident.began_at)}, last finding ${timeText(incident.last_at)}; ` +
      `${incident.concern}, ${incident.findings} findings, ${incident.surprise_bits.toFixed(2)} bits, ${incident.status}.\n`,
    severityText(explained),
    fateText(explained),
    'Findings, in the order in which they came:\n\n' + findings.map(findingText).join('\n') + more,
    sumText(explained),
    `Evidence, as SQL for ClickHouse:\n\n${queryOf(explained)}\n`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function severityText(explained: ExplainedIncident): string {
  const { severity, severityMin, isGrave, concern } = severityNow(explained)
  const { thresholdBits: low, isPowerful } = explained
  if (concern === 'governance') return 'Severity: low. What concerns governance is told once and never pages.\n'
  const raised = [
    ...(isGrave ? ['a deed in it is grave in itself'] : []),
    ...(isPowerful ? ['the token is broad, permanent or of production'] : []),
  ]
  const steps = raised.map((reason) => `, and a step up because ${reason}`).join('')
  const least = severityMin === undefined ? '' : `; a fact in it demands at least ${severityMin}, whatever the bits`
  return (
    `Severity: ${severity ?? 'none, it does not alert'}. The threshold of the day on which it began is ${low} bits: ` +
    `low from ${low}, medium from ${low + 4}, high from ${low + 8}, critical from ${low + 16}${steps}${least}.\n`
  )
}

function fateText({ fate }: ExplainedIncident): string {
  const lines = [
    ...fate.alerts.map(({ kind, severity, time, surprise_bits }) => {
      return [timeText(time), `alert ${kind}`, severity, `${surprise_bits.toFixed(2)} bits`]
    }),
    ...fate.actions.map(({ action, actor, note, acted_at }) => [timeText(acted_at), action, actor, note]),
  ]
  return lines.length === 0 ? 'Nobody was told.\n' : tableText(['told and done', '', '', ''], lines)
}

function findingText(finding: FindingRow, at: number): string {
  const { time, detector, cause, bits, sum_bits, seen, normal, event_id, snapshot } = finding
  const arithmetic = arithmeticOf(finding)
  return (
    `${at + 1}. ${timeText(time)}  ${detector} (${cause || 'no cause'})  ${bits.toFixed(2)} bits; with it the sum stood at ${sum_bits.toFixed(2)}\n` +
    `   seen    ${clip(seen, 500)}\n` +
    `   normal  ${clip(normal, 500)}\n` +
    (arithmetic === '' ? '' : `   bits    ${arithmetic}\n`) +
    `   event   ${clip(event_id, 100)}${snapshot === '' ? '' : `, by what was known of ${clip(snapshot, 100)}`}\n`
  )
}

function sumText(explained: ExplainedIncident): string {
  const windows = windowsOf(explained)
  if (windows.length === 0) return ''
  const { settings, incident } = explained
  const rows = windows.flatMap(({ findings, carriedBits, weighed, sumBits }) => {
    const start = timeText((findings[0] as FindingRow).time)
    const total = carriedBits + weighed.bits
    const note =
      Math.abs(total - sumBits) > 0.01 ? `stored as ${sumBits.toFixed(2)}: the settings were others then` : ''
    return [
      ...weighed.causes.map(({ cause, detector, bits, leftBits }, at) => [
        at === 0 ? start : '',
        cause,
        detector,
        cause === 'fact' ? bits.toFixed(2) : `${bits.toFixed(2)} - ${settings.driftBits}`,
        leftBits.toFixed(2),
      ]),
      ...(weighed.coincidenceBits > 0 ? [['', 'coincidence', '', '', weighed.coincidenceBits.toFixed(2)]] : []),
      ...(carriedBits > 0 ? [['', 'carried over', '', '', carriedBits.toFixed(2)]] : []),
      ['', 'sum', note, '', total.toFixed(2)],
    ]
  })
  return (
    `How they add up: within ${settings.coincidenceWindowMs / MINUTE_MS} minutes the loudest detector of each cause ` +
    `counts, less ${settings.driftBits} bits of drift (facts whole, none below 0); each further cause adds ` +
    `${settings.coincidenceBits}; a window takes over at most ${settings.carriedBitsMax} bits of what was before, which ` +
    `halve every ${settings.halfLifeMs / HOUR_MS} hours. The incident stands at the highest sum, ${incident.surprise_bits.toFixed(2)} bits.\n` +
    tableText(['window', 'cause', 'detector', 'bits - drift', 'counts'], rows)
  )
}
