/**
 * One event of one token, from inspection to what was learned: detect, group, decide on quarantine, learn, raise.
 *
 * Pure but for the state it is given: no clock, no I/O, no randomness. The same accepted events of one token in the same
 * order give the same findings, ids and alerts, live or replayed, however cut into blocks.
 */
import { type Actions, NO_ACTIONS } from './alert/actions.ts'
import type { Alert } from './alert/alert.ts'
import type { EvidenceSettings } from './alert/evidence.ts'
import { type Incident, addToIncident } from './alert/incident.ts'
import { type Suspect, addToSum, createSuspect, joinIncident, openBitsAt } from './alert/joining.ts'
import { type AlertSubject, type RaiseSettings, alertOf } from './alert/raise.ts'
import {
  type Cause,
  CONCERNS,
  type Concern,
  type DetectionContext,
  type Detector,
  type Observation,
} from './detect/detector.ts'
import type { Finding, FoldedEvent } from './detect/finding.ts'
import { type AccessEvent, type FindingId, type IncidentId, type TokenId, hashId, roundBits } from './event.ts'
import { isUnauthenticated } from './profile/dimension.ts'
import { NOTHING_LEARNED, packFirsts } from './profile/firsts.ts'
import { type TokenMarks, setMarks } from './profile/marks.ts'
import { type Novelty, noveltyOf } from './profile/novelty.ts'
import {
  type ProfileSettings,
  type TokenProfile,
  createProfile,
  hasHistory,
  isBeforeWindow,
  learn,
  moveWindow,
  setRaised,
} from './profile/profile.ts'
import { SUMMED, firstsOf, masksOf } from './profile/lessons.ts'
import { type TokenRegistry, isPowerful } from './registry/registered-token.ts'
import { type Sight, packSight, sightOf } from './sources/sight.ts'

/** All that the fold knows of one token. */
export interface TokenState extends Suspect {
  readonly profile: TokenProfile
}

/** A detector that is switched on, with what the registry says of it. */
export interface EnabledDetector extends Detector {
  readonly cause: Cause
  readonly concern: Concern
}

export interface FoldSettings extends RaiseSettings {
  readonly profile: ProfileSettings
  readonly evidence: EvidenceSettings
  readonly findingBitsMin: number
  readonly quarantineBits: number
}

export interface Folded {
  readonly event: FoldedEvent
  readonly findings: readonly Finding[]
  readonly alerts: readonly Alert[]
  /** What the token learned for the first time, for its peers to know. */
  readonly firsts: readonly Novelty[]
  /** How the token stood to the call's source; undefined where there is no token or no source. */
  readonly sight: Sight | undefined
}

/** The state is that of the event's token; undefined only for an event without one. */
export type Fold = (state: TokenState | undefined, event: AccessEvent) => Folded

export function createTokenState(tokenId: TokenId, settings: ProfileSettings, marks?: TokenMarks): TokenState {
  const { evidence, incidents } = createSuspect()
  return { profile: createProfile(tokenId, settings, marks), evidence, incidents }
}

/**
 * Makes the fold. The state given to it is changed by it, and belongs to the event's token.
 * @param actions what people did, as the block in hand sees it.
 */
export function createFold(
  detectors: readonly EnabledDetector[],
  settings: FoldSettings,
  context: DetectionContext,
  actions: Actions = NO_ACTIONS,
): Fold {
  return function foldEvent(state, event) {
    if (state === undefined) return unprofiled(event, undefined)
    const { profile } = state
    setMarks(profile, actions.marksOf(event.tokenId))
    if (isUnprofiled(profile, event)) return unprofiled(event, sightOf(profile, event, context.peers))
    if (!isUnauthenticated(event)) moveWindow(profile, event.timeMs)
    const sight = sightOf(profile, event, context.peers)
    const observations = inspectAll(detectors, event, profile, context, settings.findingBitsMin)
    const surpriseBits = surpriseOf(profile, event, observations, context)
    const { findings, alerts } =
      observations.length === 0 ? NOTHING_FOUND : raise(state, event, observations, context, settings, actions)
    const isSuspect = incidentBits(state, event, findings, settings, actions) >= settings.quarantineBits
    const masks = masksOf(profile, event, isSuspect, context.peers)
    const firsts = firstsOf(profile, event, masks.learned, context.peers)
    const fresh = learn(profile, event, masks.learned, masks.held)
    return {
      event: {
        ...event,
        surpriseBits,
        reasons: observations.map(({ detector }) => detector),
        incidentId: findings[0]?.incidentId ?? '',
        ...masks,
        fresh,
        ...packSight(sight),
        ...packFirsts(firsts, event.timeMs, context.peers),
      },
      findings,
      alerts,
      firsts,
      sight,
    }
  }
}

interface NamedObservation extends Observation {
  readonly detector: string
  readonly cause: Cause
  readonly concern: Concern
}

/** A call refused as unauthenticated creates no profile, and events from before the window are ignored. */
function isUnprofiled(profile: TokenProfile, event: AccessEvent): boolean {
  return hasHistory(profile) ? isBeforeWindow(profile, event) : isUnauthenticated(event)
}

function unprofiled(event: AccessEvent, sight: Sight | undefined): Folded {
  const nothing = { surpriseBits: 0, reasons: [], incidentId: '' as const, ...NOTHING_LEARNED, ...packSight(sight) }
  return { event: { ...event, ...nothing }, findings: [], alerts: [], firsts: [], sight }
}

function inspectAll(
  detectors: readonly EnabledDetector[],
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
    if (bits < findingBitsMin) continue
    observations.push({ cause: detector.cause, concern: detector.concern, ...seen, bits, detector: detector.name })
  }
  return observations
}

/** The event's own surprise: the sum over dimensions, found or not, and what other detectors found of misuse. */
function surpriseOf(
  profile: TokenProfile,
  event: AccessEvent,
  observations: readonly NamedObservation[],
  { peers }: DetectionContext,
): number {
  let bits = 0
  for (const dimension of SUMMED) bits += noveltyOf(profile, dimension, event, peers)?.bits ?? 0
  for (const seen of observations) if (seen.dimension === undefined && seen.concern === 'misuse') bits += seen.bits
  return bits
}

/** Names and tenants that a registry knows better than the events do. */
function subjectOf(event: AccessEvent, registry: TokenRegistry): AlertSubject {
  const known = registry.of(event.tokenId)
  return {
    kind: 'token',
    id: event.tokenId,
    column: 'token_id',
    tokenName: known?.name || event.tokenName,
    tenant: known?.tenant || event.tenant,
    isPowerful: known !== undefined && isPowerful(known),
  }
}

const NOTHING_FOUND: Pick<Folded, 'findings' | 'alerts'> = { findings: [], alerts: [] }

/** What the observations come to, one concern after the other. */
function raise(
  state: TokenState,
  event: AccessEvent,
  observations: readonly NamedObservation[],
  { registry, peers }: DetectionContext,
  settings: FoldSettings,
  actions: Actions,
): Pick<Folded, 'findings' | 'alerts'> {
  const subject = subjectOf(event, registry)
  const findings: Finding[] = []
  const alerts: Alert[] = []
  for (const concern of CONCERNS) {
    const seen = observations.filter((one) => one.concern === concern)
    if (seen.length === 0) continue
    const raised = raiseFindings(state, event, seen, subject, peers.id, settings, actions)
    findings.push(...raised.findings)
    if (raised.alert !== undefined) alerts.push(raised.alert)
  }
  return { findings, alerts }
}

/** Makes findings of one concern's observations, adds them to its incident, and raises the alert that follows. */
function raiseFindings(
  state: TokenState,
  event: AccessEvent,
  observations: readonly NamedObservation[],
  subject: AlertSubject,
  snapshot: string,
  settings: FoldSettings,
  actions: Actions,
): { findings: Finding[]; alert: Alert | undefined } {
  const { concern } = observations[0] as NamedObservation
  const { incidentGapMs } = settings.profile
  const newId = () => incidentIdOf(event, observations[0] as NamedObservation)
  const joined = joinIncident(state, concern, event.timeMs, incidentGapMs, actions, newId)
  const { incident, before } = joined
  const findings = observations.map((seen) => {
    const found = toFinding(seen, event, subject, incident, snapshot)
    const finding: Finding = { ...found, ...addToSum(joined, found, settings.evidence) }
    addToIncident(incident, finding, finding.sumBits)
    remember(state.profile, finding)
    return finding
  })
  return { findings, alert: alertOf(incident, before, event.timeMs, subject, settings) }
}

/** A bucket alone would name two incidents: late findings of one bucket stand apart, each for itself. */
function incidentIdOf(event: AccessEvent, first: NamedObservation): IncidentId {
  const { bucket, detector, concern } = first
  const kind = concern === 'misuse' ? [] : [concern]
  const id =
    bucket === undefined
      ? hashId(event.tokenId, event.eventId, ...kind)
      : hashId(event.tokenId, bucket.startMs, bucket.step, detector)
  return id as IncidentId
}

function toFinding(
  seen: NamedObservation,
  event: AccessEvent,
  subject: AlertSubject,
  incident: Incident,
  snapshot: string,
): Omit<Finding, 'sumBits' | 'windowMs' | 'carriedBits'> {
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
    cause: seen.cause,
    concern: seen.concern,
    eventId: event.eventId,
    timeMs: event.timeMs,
    bucketMs: bucket?.startMs ?? 0,
    step: bucket?.step ?? 0,
    bits: seen.bits,
    seen: seen.seen,
    normal: seen.normal,
    numbers: seen.numbers,
    severityMin: seen.severityMin,
    isGrave: seen.isGrave === true,
    reopening: incident.reopening,
    snapshot: seen.snapshot ?? snapshot,
    ip: event.ip,
    country: event.country,
    network: event.networkName === '' ? event.network : `${event.network} ${event.networkName}`,
    position: event.position,
  }
}

function remember(profile: TokenProfile, finding: Finding): void {
  if (finding.concern === 'misuse') profile.lastFindingMs = Math.max(profile.lastFindingMs, finding.timeMs)
  if (finding.step > 0) setRaised(profile, finding.detector, { bucketMs: finding.bucketMs, step: finding.step })
}

/** What the incident stands at that the event belongs to, or within whose reach it lies; 0 without one. */
function incidentBits(
  state: TokenState,
  event: AccessEvent,
  findings: readonly Finding[],
  settings: FoldSettings,
  actions: Actions,
): number {
  const own = findings.filter(({ concern }) => concern === 'misuse').at(-1)
  const open = state.incidents.misuse
  if (own !== undefined) return own.incidentId === open?.id ? open.bits : own.sumBits
  return openBitsAt(open, event.timeMs, settings.profile.incidentGapMs, actions)
}
