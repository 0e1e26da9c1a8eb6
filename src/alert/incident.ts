/** Groups a subject's findings into incidents: those of one concern that follow each other closely. */
import type { Evidence } from './alert.ts'
import { SEVERITIES, type Severity } from '../severity.ts'
import type { IncidentId } from '../event.ts'
import type { Concern } from '../detect/detector.ts'

/** Findings that an incident remembers one by one; the strongest are kept. */
export const EVIDENCE_MAX = 20

/** What the fold knows of a token's open incident: all of it can be read back from `findings`. */
export interface Incident {
  readonly id: IncidentId
  readonly concern: Concern
  /** Event time of its earliest and its latest finding. */
  firstMs: number
  lastMs: number
  /** The most that the token's evidence came to with one of its findings (evidence.ts). */
  bits: number
  /** What its gravest fact demands, whatever the bits. */
  severityMin: Severity | undefined
  /** Something in it was grave in itself. */
  isGrave: boolean
  /** How often it had been resolved when its latest finding came. */
  reopening: number
  readonly bitsByDetector: Map<string, number>
  /** The finding that it took in last. */
  latest: IncidentEvidence | undefined
  /** The strongest findings: by bits, then by finding id. */
  readonly evidence: IncidentEvidence[]
}

export interface IncidentEvidence extends Evidence {
  readonly findingId: string
}

export function createIncident(id: IncidentId, concern: Concern, timeMs: number): Incident {
  return {
    id,
    concern,
    firstMs: timeMs,
    lastMs: timeMs,
    bits: 0,
    severityMin: undefined,
    isGrave: false,
    reopening: 0,
    bitsByDetector: new Map(),
    latest: undefined,
    evidence: [],
  }
}

/**
 * Where a finding belongs: into the open incident, into a new open one, or, when it is too early, on its own.
 * @param isClosed the latest incident was called benign: nothing joins it, and what comes after it is a new one.
 */
export function placeOf(
  open: Incident | undefined,
  timeMs: number,
  gapMs: number,
  isClosed = false,
): 'join' | 'open' | 'apart' {
  if (open === undefined || timeMs > open.lastMs + (isClosed ? 0 : gapMs)) return 'open'
  if (isClosed) return 'apart'
  return timeMs < open.firstMs - gapMs ? 'apart' : 'join'
}

/** @param sumBits what the subject's evidence comes to with this finding. */
export function addToIncident(incident: Incident, evidence: IncidentFinding, sumBits: number): void {
  incident.firstMs = Math.min(incident.firstMs, evidence.timeMs)
  incident.lastMs = Math.max(incident.lastMs, evidence.timeMs)
  incident.bits = Math.max(incident.bits, sumBits)
  incident.severityMin = gravest(incident.severityMin, evidence.severityMin)
  incident.isGrave ||= evidence.isGrave
  incident.bitsByDetector.set(evidence.detector, (incident.bitsByDetector.get(evidence.detector) ?? 0) + evidence.bits)
  incident.latest = pick(evidence)
  incident.evidence.push(incident.latest)
  incident.evidence.sort((a, b) => b.bits - a.bits || (a.findingId < b.findingId ? -1 : 1))
  if (incident.evidence.length > EVIDENCE_MAX) incident.evidence.length = EVIDENCE_MAX
}

/** A finding as an incident takes it in. */
export interface IncidentFinding extends IncidentEvidence {
  readonly severityMin: Severity | undefined
  readonly isGrave: boolean
}

/** The graver of two, where there are any. */
export function gravest(one: Severity | undefined, other: Severity | undefined): Severity | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return SEVERITIES.indexOf(one) >= SEVERITIES.indexOf(other) ? one : other
}

/** Only what an alert shows: a finding carries more, such as its position, which alerts must not depend on. */
function pick(from: IncidentEvidence): IncidentEvidence {
  const { findingId, detector, bits, timeMs, seen, normal, eventId, ip, country, network } = from
  return { findingId, detector, bits, timeMs, seen, normal, eventId, ip, country, network }
}

/** Bits above the threshold from which each severity holds. */
const SEVERITY_BITS: Readonly<Record<Severity, number>> = { low: 0, medium: 4, high: 8, critical: 16 }

/** How an incident stands: what severity follows from. */
export interface Standing {
  readonly concern: Concern
  readonly firstMs: number
  readonly bits: number
  readonly severityMin: Severity | undefined
  readonly isGrave: boolean
}

/**
 * The severity of an incident, undefined while it does not alert. Bits at or above the threshold decide; a grave deed
 * and a powerful token raise it by a step each; a fact may demand more, and then needs no bits. What concerns
 * governance is always told, and never pages.
 */
export function severityOf(incident: Standing, isPowerful: boolean, thresholdBits: number): Severity | undefined {
  if (incident.concern === 'governance') return 'low'
  const byBits = SEVERITIES.findLastIndex((severity) => incident.bits >= thresholdBits + SEVERITY_BITS[severity])
  if (byBits < 0) return incident.severityMin
  const steps = (incident.isGrave ? 1 : 0) + (isPowerful ? 1 : 0)
  return gravest(SEVERITIES[Math.min(byBits + steps, SEVERITIES.length - 1)], incident.severityMin)
}
