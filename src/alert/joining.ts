/** Which incident a finding joins, and which sum it adds to, given what people did with the incidents so far. */
import type { Concern } from '../detect/detector.ts'
import type { IncidentId } from '../event.ts'
import type { Actions } from './actions.ts'
import { type Evidence, type EvidenceFinding, type EvidenceSettings, addEvidence, createEvidence } from './evidence.ts'
import { type Incident, type Standing, createIncident, placeOf } from './incident.ts'

/** What is remembered of a token's or a source's findings; of nearly all, nothing. */
export interface Suspect {
  evidence: Evidence | undefined
  /** The open incident of each concern: the one with the latest finding. */
  incidents: Readonly<Partial<Record<Concern, Incident>>>
}

const NO_INCIDENTS: Suspect['incidents'] = {}

export function createSuspect(): Suspect {
  return { evidence: undefined, incidents: NO_INCIDENTS }
}

/** Makes an incident the open one of its concern. */
export function setOpen(suspect: Suspect, incident: Incident): void {
  suspect.incidents = { ...suspect.incidents, [incident.concern]: incident }
}

export interface Joined {
  readonly incident: Incident
  /** Undefined for a new incident, and for one that was resolved since. */
  readonly before: Standing | undefined
  /** What findings of misuse add to; those of another concern, and those that stand apart, are no part of the sum. */
  readonly evidence: Evidence | undefined
  readonly isApart: boolean
}

/** @param newId id of the incident, should it be a new one. */
export function joinIncident(
  suspect: Suspect,
  concern: Concern,
  timeMs: number,
  gapMs: number,
  actions: Actions,
  newId: () => IncidentId,
): Joined {
  const latest = suspect.incidents[concern]
  const isClosed = latest !== undefined && actions.isClosed(latest.id)
  const place = placeOf(latest, timeMs, gapMs, isClosed)
  const open = place === 'join' ? latest : undefined
  const incident = open ?? createIncident(newId(), concern, timeMs)
  const resolves = actions.resolvesOf(incident.id)
  const before = open?.reopening === resolves ? { ...open } : undefined
  incident.reopening = resolves
  if (place === 'open') setOpen(suspect, incident)
  if (place === 'open' && isClosed && concern === 'misuse') suspect.evidence = undefined
  const isApart = place === 'apart'
  const evidence = concern !== 'misuse' ? undefined : isApart ? createEvidence() : evidenceOf(suspect)
  return { incident, before, evidence, isApart }
}

/** The sum of a suspect, begun where there was none. */
export function evidenceOf(suspect: Suspect): Evidence {
  suspect.evidence ??= createEvidence()
  return suspect.evidence
}

/** What a sum came to with a finding, and its state, so that it can be taken up again. */
export interface Sum {
  readonly sumBits: number
  readonly windowMs: number
  readonly carriedBits: number
}

/**
 * Adds a finding to the sum that it belongs to; without one it is the plain sum of its incident. Of what is noted for
 * review only the loudest counts: it does not become urgent by being much.
 */
export function addToSum(joined: Joined, finding: EvidenceFinding, settings: EvidenceSettings): Sum {
  const { incident, evidence, isApart } = joined
  if (evidence === undefined) {
    const isNote = incident.concern === 'governance'
    const sumBits = isNote ? Math.max(incident.bits, finding.bits) : incident.bits + finding.bits
    return { sumBits, windowMs: 0, carriedBits: 0 }
  }
  const sumBits = addEvidence(evidence, finding, settings)
  const { windowMs, carriedBits } = evidence
  return isApart ? { sumBits, windowMs: 0, carriedBits: 0 } : { sumBits, windowMs, carriedBits }
}

/** What the open incident stands at where an event at that time lies within its reach; 0 where none does. */
export function openBitsAt(open: Incident | undefined, timeMs: number, gapMs: number, actions: Actions): number {
  if (open === undefined || actions.isClosed(open.id)) return 0
  return placeOf(open, timeMs, gapMs) === 'join' ? open.bits : 0
}
