/** Decides when an incident becomes an alert, and writes the alert. Depends on nothing but the incident. */
import type { Alert, AlertKind, AlertSource } from './alert.ts'
import type { Severity } from '../severity.ts'
import { type SubjectColumn, evidenceQuery } from './evidence-query.ts'
import { type Incident, type Standing, severityOf } from './incident.ts'
import { type AlertId, type EventTimeMs, type SubjectKind, hashId } from '../event.ts'
import { HOUR_MS } from '../settings.ts'

const EVENT_IDS_MAX = 5
const SOURCES_MAX = 5

export interface RaiseSettings {
  /** By when an incident began: it does not alert by another threshold than it began with. */
  readonly thresholdBits: (beganAtMs: number) => number
  /** ClickHouse database that evidence queries name. */
  readonly database: string
  /** `replay --min-bits`; undefined raises the opened and escalated alerts. */
  readonly minBits?: number | undefined
}

/** Whom an incident is about, as known when it is raised. */
export interface AlertSubject {
  readonly kind: Exclude<SubjectKind, 'pipeline'>
  /** The token's id; or the source's address, prefix or network. */
  readonly id: string
  readonly column: SubjectColumn
  readonly tokenName: string
  readonly tenant: string
  /** A broad, permanent or production token: what is done with it weighs more. */
  readonly isPowerful: boolean
}

/** What an incident tells when it goes from where it stood before to where it stands now. */
export function alertOf(
  incident: Incident,
  before: Standing | undefined,
  timeMs: EventTimeMs,
  subject: AlertSubject,
  settings: RaiseSettings,
): Alert | undefined {
  return settings.minBits === undefined
    ? raiseAlert(incident, before, timeMs, subject, settings)
    : markBits(incident, before, timeMs, subject, settings, settings.minBits)
}

/**
 * The alert that an incident gives when it goes from where it stood before to where it stands now, if any.
 * @param standingBefore undefined for a new incident, and for one that was resolved since: it opens again.
 */
export function raiseAlert(
  incident: Incident,
  standingBefore: Standing | undefined,
  timeMs: EventTimeMs,
  subject: AlertSubject,
  settings: RaiseSettings,
): Alert | undefined {
  const severity = severityAt(incident, subject, settings)
  const before = standingBefore && severityAt(standingBefore, subject, settings)
  if (severity === undefined || severity === before) return undefined
  const kind = before === undefined ? 'opened' : 'escalated'
  const { reopening } = incident
  const alertId = hashId(incident.id, kind, severity, reopening) as AlertId
  return writeAlert({ alertId, kind, severity, reopening }, incident, timeMs, subject, settings)
}

/** `replay --min-bits`: a line each time the bits pass another whole bit from `minBits` on. */
export function markBits(
  incident: Incident,
  standingBefore: Standing | undefined,
  timeMs: EventTimeMs,
  subject: AlertSubject,
  settings: RaiseSettings,
  minBits: number,
): Alert | undefined {
  const bitsBefore = standingBefore?.bits ?? 0
  const floor = Math.floor(incident.bits)
  if (incident.bits < minBits || (Math.floor(bitsBefore) === floor && bitsBefore >= minBits)) return undefined
  const severity = severityAt(incident, subject, settings) ?? 'low'
  const alertId = hashId(incident.id, 'bits', floor) as AlertId
  return writeAlert(
    { alertId, kind: 'bits', severity, reopening: incident.reopening },
    incident,
    timeMs,
    subject,
    settings,
  )
}

function severityAt(standing: Standing, { isPowerful }: AlertSubject, { thresholdBits }: RaiseSettings) {
  return severityOf(standing, isPowerful, thresholdBits(standing.firstMs))
}

function writeAlert(
  head: { alertId: AlertId; kind: AlertKind; severity: Severity; reopening: number },
  incident: Incident,
  timeMs: EventTimeMs,
  subject: AlertSubject,
  settings: RaiseSettings,
): Alert {
  const detectors = [...incident.bitsByDetector]
    .map(([name, bits]) => ({ name, bits }))
    .sort((a, b) => b.bits - a.bits || (a.name < b.name ? -1 : 1))
  const evidence = [...incident.evidence]
  // The finding that raised it is told even where twenty stronger ones came before.
  if (incident.latest !== undefined && !evidence.includes(incident.latest)) evidence.push(incident.latest)
  const eventIds = [...new Set([incident.latest, ...evidence].flatMap((item) => item?.eventId ?? []))]
  return {
    ...head,
    incidentId: incident.id,
    concern: incident.concern,
    subjectKind: subject.kind,
    subject: subject.id,
    tokenName: subject.tokenName,
    tenant: subject.tenant,
    title: titleOf(incident, subject),
    timeMs,
    beganAtMs: incident.firstMs as EventTimeMs,
    surpriseBits: incident.bits,
    detectors,
    evidence: evidence.map(({ findingId: _findingId, ...told }) => told),
    sources: sourcesOf(incident),
    eventIds: eventIds.slice(0, EVENT_IDS_MAX),
    evidenceQuery: evidenceQuery({
      database: settings.database,
      subject: subject.id,
      column: subject.column,
      // Of a source all calls are looked at: its findings stand in no event.
      detectors: subject.kind === 'token' ? detectors.map(({ name }) => name) : [],
      eventIds: subject.kind === 'token' ? eventIds.slice(0, EVENT_IDS_MAX) : [],
      fromMs: incident.firstMs - HOUR_MS,
      toMs: incident.lastMs + HOUR_MS,
    }),
  }
}

function titleOf(incident: Incident, subject: AlertSubject): string {
  const strongest = incident.evidence[0]
  const name = subject.tokenName === '' ? subject.id : subject.tokenName
  return `${name}: ${strongest === undefined ? 'unusual use' : strongest.seen}`
}

function sourcesOf(incident: Incident): AlertSource[] {
  const sources = new Map<string, AlertSource>()
  for (const { ip, country, network } of incident.evidence) {
    if (ip !== '' && sources.size < SOURCES_MAX) sources.set(ip, sources.get(ip) ?? { ip, country, network })
  }
  return [...sources.values()]
}
