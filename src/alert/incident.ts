/** Groups a token's findings into incidents: a plain sum of bits over findings that follow each other closely. */
import type { Evidence } from './alert.ts'
import { SEVERITIES, type Severity } from '../severity.ts'
import type { IncidentId } from '../event.ts'

/** Findings that an incident remembers one by one; the strongest are kept. */
export const EVIDENCE_MAX = 20

/** What the fold knows of a token's open incident: all of it can be read back from `findings`. */
export interface Incident {
  readonly id: IncidentId
  /** Event time of its earliest and its latest finding. */
  firstMs: number
  lastMs: number
  /** Sum over its findings. */
  bits: number
  readonly bitsByDetector: Map<string, number>
  /** The strongest findings: by bits, then by finding id. */
  readonly evidence: IncidentEvidence[]
}

export interface IncidentEvidence extends Evidence {
  readonly findingId: string
}

export function createIncident(id: IncidentId, timeMs: number): Incident {
  return { id, firstMs: timeMs, lastMs: timeMs, bits: 0, bitsByDetector: new Map(), evidence: [] }
}

/** Where a finding belongs: into the open incident, into a new open one, or, when it is too early, on its own. */
export function placeOf(open: Incident | undefined, timeMs: number, gapMs: number): 'join' | 'open' | 'apart' {
  if (open === undefined || timeMs > open.lastMs + gapMs) return 'open'
  return timeMs < open.firstMs - gapMs ? 'apart' : 'join'
}

export function addToIncident(incident: Incident, evidence: IncidentEvidence): void {
  incident.firstMs = Math.min(incident.firstMs, evidence.timeMs)
  incident.lastMs = Math.max(incident.lastMs, evidence.timeMs)
  incident.bits += evidence.bits
  incident.bitsByDetector.set(evidence.detector, (incident.bitsByDetector.get(evidence.detector) ?? 0) + evidence.bits)
  incident.evidence.push(pick(evidence))
  incident.evidence.sort((a, b) => b.bits - a.bits || (a.findingId < b.findingId ? -1 : 1))
  if (incident.evidence.length > EVIDENCE_MAX) incident.evidence.length = EVIDENCE_MAX
}

/** Only what an alert shows: a finding carries more, such as its position, which alerts must not depend on. */
function pick(from: IncidentEvidence): IncidentEvidence {
  const { findingId, detector, bits, timeMs, seen, normal, eventId, ip, country, network } = from
  return { findingId, detector, bits, timeMs, seen, normal, eventId, ip, country, network }
}

/** Bits above the threshold from which each severity holds. */
const SEVERITY_BITS: Readonly<Record<Severity, number>> = { low: 0, medium: 4, high: 8, critical: 16 }

/** The severity of an incident worth `bits`, undefined below the threshold. */
export function severityOf(bits: number, thresholdBits: number): Severity | undefined {
  return SEVERITIES.findLast((severity) => bits >= thresholdBits + SEVERITY_BITS[severity])
}
