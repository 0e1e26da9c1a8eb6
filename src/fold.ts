/**
 * One event of one token, from inspection to what was learned: detect, group, decide on quarantine, learn, raise.
 *
 * Pure but for the state it is given: no clock, no I/O, no randomness. The same accepted events of one token in the same
 * order give the same findings, ids and alerts, live or replayed, however cut into blocks.
 */
import type { Alert } from './alert/alert.ts'
import { type Incident, addToIncident, createIncident, placeOf } from './alert/incident.ts'
import { type AlertSubject, type RaiseSettings, markBits, raiseAlert } from './alert/raise.ts'
import type { DetectionContext, Detector, Observation } from './detect/detector.ts'
import type { Finding, FoldedEvent } from './detect/finding.ts'
import {
  type AccessEvent,
  type EventTimeMs,
  type FindingId,
  type IncidentId,
  type TokenId,
  hashId,
  roundBits,
} from './event.ts'
import { DIMENSIONS, MASK, isUnauthenticated, teachable } from './profile/dimension.ts'
import { noveltyOf } from './profile/novelty.ts'
import {
  type ProfileSettings,
  type TokenProfile,
  createProfile,
  hasHistory,
  isBeforeWindow,
  learn,
  moveWindow,
} from './profile/profile.ts'

/** All that the fold knows of one token. */
export interface TokenState {
  readonly profile: TokenProfile
  /** The open incident: the one with the latest finding. */
  incident: Incident | undefined
}

export interface FoldSettings extends RaiseSettings {
  readonly profile: ProfileSettings
  readonly findingBitsMin: number
  readonly quarantineBits: number
  /** `replay --min-bits`; undefined raises the opened and escalated alerts. */
  readonly minBits?: number | undefined
}

export interface Folded {
  readonly event: FoldedEvent
  readonly findings: readonly Finding[]
  readonly alerts: readonly Alert[]
}

export interface Fold {
  /** The state is that of the event's token; undefined only for an event without one. */
  (state: TokenState | undefined, event: AccessEvent): Folded
}

/** Dimensions whose surprise an event's own sum counts; a place says again what the network said. */
const SUMMED = DIMENSIONS.filter((dimension) => dimension !== 'place' && dimension !== 'refused_route')

export function createTokenState(tokenId: TokenId, settings: ProfileSettings): TokenState {
  return { profile: createProfile(tokenId, settings), incident: undefined }
}

/** Makes the fold. The state given to it is changed by it, and belongs to the event's token. */
export function createFold(detectors: readonly Detector[], settings: FoldSettings, context: DetectionContext): Fold {
  return function foldEvent(state, event) {
    if (state === undefined || isUnprofiled(state.profile, event)) return unprofiled(event)
    const { profile } = state
    if (!isUnauthenticated(event)) moveWindow(profile, event.timeMs)
    const observations = inspectAll(detectors, event, profile, context, settings.findingBitsMin)
    const surpriseBits = surpriseOf(profile, event, observations)
    const names = context.registry.of(event.tokenId)
    const subject = {
      tokenId: event.tokenId,
      tokenName: names?.name || event.tokenName,
      tenant: names?.tenant || event.tenant,
    }
    const incident = incidentOf(state, event, observations, settings.profile.incidentGapMs)
    const bitsBefore = incident?.bits ?? 0
    const findings = observations.map((seen) => toFinding(seen, event, subject, incident as Incident, context.peers.id))
    for (const finding of findings) record(state, incident as Incident, finding)
    const masks = masksOf(profile, event, incident ?? incidentAround(state, event, settings), settings)
    const fresh = learn(profile, event, masks.learned, masks.held)
    return {
      event: {
        ...event,
        surpriseBits,
        reasons: observations.map(({ detector }) => detector),
        incidentId: incident?.id ?? '',
        ...masks,
        fresh,
      },
      findings,
      alerts: incident === undefined ? [] : raise(incident, bitsBefore, event.timeMs, subject, settings),
    }
  }
}

interface NamedObservation extends Observation {
  readonly detector: string
}

/** A call refused as unauthenticated creates no profile, and events from before the window are ignored. */
function isUnprofiled(profile: TokenProfile, event: AccessEvent): boolean {
  return hasHistory(profile) ? isBeforeWindow(profile, event) : isUnauthenticated(event)
}

function unprofiled(event: AccessEvent): Folded {
  const nothing = { surpriseBits: 0, reasons: [], incidentId: '' as const, learned: 0, held: 0, fresh: 0 }
  return { event: { ...event, ...nothing }, findings: [], alerts: [] }
}

function inspectAll(
  detectors: readonly Detector[],
  event: AccessEvent,
  profile: TokenProfile,
  context: DetectionContext,
  findingBitsMin: number,
): NamedObservation[] {
  const observations: NamedObservation[] = []
  for (const detector of detectors) {
    const seen = detector.inspect(event, profile, context)
    if (seen === undefined) continue
    const bits = roundBits(seen.bits)
    if (bits >= findingBitsMin) observations.push({ ...seen, bits, detector: detector.name })
  }
  return observations
}

/** The event's own surprise: the sum over dimensions, found or not, and what other detectors found. */
function surpriseOf(profile: TokenProfile, event: AccessEvent, observations: readonly NamedObservation[]): number {
  let bits = 0
  for (const dimension of SUMMED) bits += noveltyOf(profile, dimension, event)?.bits ?? 0
  for (const seen of observations) if (seen.dimension === undefined) bits += seen.bits
  return bits
}

/** The incident that the event's findings go to; a new one becomes the open one unless it lies too early. */
function incidentOf(
  state: TokenState,
  event: AccessEvent,
  observations: readonly NamedObservation[],
  gapMs: number,
): Incident | undefined {
  const first = observations[0]
  if (first === undefined) return undefined
  const place = placeOf(state.incident, event.timeMs, gapMs)
  if (place === 'join') return state.incident
  const incident = createIncident(incidentIdOf(event, first), event.timeMs)
  if (place === 'open') state.incident = incident
  return incident
}

/** A bucket alone would name two incidents: late findings of one bucket stand apart, each for itself. */
function incidentIdOf(event: AccessEvent, first: NamedObservation): IncidentId {
  const { bucket, detector } = first
  const id =
    bucket === undefined
      ? hashId(event.tokenId, event.eventId)
      : hashId(event.tokenId, bucket.startMs, bucket.step, detector)
  return id as IncidentId
}

/** The open incident, when the event lies within its reach though it gave no finding. */
function incidentAround(state: TokenState, event: AccessEvent, settings: FoldSettings): Incident | undefined {
  return placeOf(state.incident, event.timeMs, settings.profile.incidentGapMs) === 'join' ? state.incident : undefined
}

function toFinding(
  seen: NamedObservation,
  event: AccessEvent,
  subject: AlertSubject,
  incident: Incident,
  snapshot: string,
): Finding {
  const { bucket } = seen
  const id =
    bucket === undefined
      ? hashId(event.tokenId, seen.detector, event.eventId)
      : hashId(event.tokenId, seen.detector, bucket.startMs, bucket.step)
  return {
    findingId: id as FindingId,
    incidentId: incident.id,
    subjectKind: 'token',
    subject: event.tokenId,
    tokenName: subject.tokenName,
    tenant: subject.tenant,
    detector: seen.detector,
    eventId: event.eventId,
    timeMs: event.timeMs,
    bucketMs: bucket?.startMs ?? 0,
    step: bucket?.step ?? 0,
    bits: seen.bits,
    seen: seen.seen,
    normal: seen.normal,
    numbers: seen.numbers,
    snapshot,
    ip: event.ip,
    country: event.country,
    network: event.networkName === '' ? event.network : `${event.network} ${event.networkName}`,
    position: event.position,
  }
}

function record(state: TokenState, incident: Incident, finding: Finding): void {
  addToIncident(incident, finding)
  const { profile } = state
  profile.lastFindingMs = Math.max(profile.lastFindingMs, finding.timeMs)
  if (finding.step > 0) profile.raised.set(finding.detector, { bucketMs: finding.bucketMs, step: finding.step })
}

/**
 * Quarantine takes the whole event: while its incident stands at the quarantine bits or above, or when it brings a value
 * that is in quarantine already.
 */
function masksOf(profile: TokenProfile, event: AccessEvent, incident: Incident | undefined, settings: FoldSettings) {
  const teaches = teachable(event)
  const isHeld =
    (incident !== undefined && incident.bits >= settings.quarantineBits) ||
    DIMENSIONS.some((dimension) => noveltyOf(profile, dimension, event)?.held === true)
  return { learned: (isHeld ? 0 : teaches) | MASK.errors, held: isHeld ? teaches : 0 }
}

function raise(
  incident: Incident,
  bitsBefore: number,
  timeMs: EventTimeMs,
  subject: AlertSubject,
  settings: FoldSettings,
): Alert[] {
  const alert =
    settings.minBits === undefined
      ? raiseAlert(incident, bitsBefore, timeMs, subject, settings)
      : markBits(incident, bitsBefore, timeMs, subject, settings, settings.minBits)
  return alert === undefined ? [] : [alert]
}
