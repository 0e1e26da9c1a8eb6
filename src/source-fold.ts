/**
 * What the sources did, event by event: findings about networks, their incidents and alerts. The second fold, beside
 * that of the tokens; as pure, over the state that it keeps of the sources.
 *
 * A source's findings come in steps of four bits within an hour of the clock, like those of other bucketed detectors:
 * id = hash(source, detector, hour, step).
 */
import { LRUCache } from 'lru-cache'
import { type Actions, NO_ACTIONS } from './alert/actions.ts'
import type { Alert } from './alert/alert.ts'
import { addToIncident } from './alert/incident.ts'
import { type Suspect, addToSum, createSuspect, joinIncident } from './alert/joining.ts'
import { alertOf } from './alert/raise.ts'
import { sharingText, sprayingText, usualArrivalsText, usualFailuresText } from './detect/shared/source-words.ts'
import { STEP_BITS } from './detect/shared/step.ts'
import type { Concern } from './detect/detector.ts'
import type { Finding } from './detect/finding.ts'
import { type FindingId, type IncidentId, hashId } from './event.ts'
import type { FoldSettings } from './fold.ts'
import type { TokenRegistry } from './registry/registered-token.ts'
import { DAY_MS, HOUR_MS } from './settings.ts'
import type { MemorySources } from './sources/memory-sources.ts'
import { type Sight, type SourceEvent, type SourceLevel, holderOf } from './sources/sight.ts'
import type { Sharing, Spraying } from './sources/snapshot.ts'

/** Sources with findings that are remembered: those found last. */
const SUBJECTS_MAX = 10_000

/** The settings of the detectors of these names, which look at tokens. */
export interface SourceFoldSettings {
  readonly spraying: { readonly enabled: boolean; readonly tokensMin: number }
  readonly sharing: { readonly enabled: boolean; readonly tokensMin: number; readonly moveTokensMin: number }
}

export interface SourceFold {
  (event: SourceEvent, sight: Sight): { readonly findings: readonly Finding[]; readonly alerts: readonly Alert[] }
}

/** What was found of one source. */
interface Subject extends Suspect {
  /** By detector: the latest bucket in which it told something, and the highest step there. */
  readonly told: Map<string, { bucketMs: number; step: number }>
}

/** What there is to tell of a source. */
interface Report {
  readonly detector: string
  readonly concern: Concern
  readonly level: SourceLevel
  readonly source: string
  /** Of all tokens concerned, '' where they are of several or of nobody. */
  readonly tenant: string
  readonly seen: string
  readonly normal: string
  readonly numbers: Readonly<Record<string, number>>
  readonly bits: number
  readonly bucketMs: number
}

/** That a company moved is no surprise that adds up, only a note. */
const MOVE_BITS = 3
const NOTHING: ReturnType<SourceFold> = { findings: [], alerts: [] }

export interface SourceFoldDeps {
  readonly sources: MemorySources
  readonly registry: Pick<TokenRegistry, 'of'>
  readonly settings: SourceFoldSettings
  readonly shared: FoldSettings
  readonly actions?: Actions
  /** What was found of sources before, in the order in which it was found. */
  readonly past?: readonly Finding[]
}

export function createSourceFold(deps: SourceFoldDeps): SourceFold {
  const { sources, registry, settings, shared, actions = NO_ACTIONS, past = [] } = deps
  const subjects = new LRUCache<string, Subject>({ max: SUBJECTS_MAX })

  function subjectOf(source: string): Subject {
    let subject = subjects.get(source)
    if (subject === undefined) {
      subject = { ...createSuspect(), told: new Map() }
      subjects.set(source, subject)
    }
    return subject
  }

  for (const finding of past) restore(subjectOf(finding.subject), finding, shared, actions)

  return function foldSource(event, sight) {
    const { spraying, sharing } = sources.learn(event, sight, holderOf(event, registry))
    if (spraying === undefined && sharing === undefined) return NOTHING
    const findings: Finding[] = []
    const alerts: Alert[] = []
    const reports = [
      spraying && failuresReport(spraying, event, settings.spraying),
      sharing && arrivalsReport(sharing, event, settings.sharing),
    ]
    for (const report of reports) {
      if (report === undefined) continue
      const subject = subjectOf(report.source)
      const step = newStep(subject, report)
      if (step === undefined) continue
      const raised = raise(subject, { ...report, ...step }, event, sources.idOf(event), shared, actions)
      findings.push(raised.finding)
      if (raised.alert !== undefined) alerts.push(raised.alert)
    }
    return { findings, alerts }
  }
}

function failuresReport(
  spraying: Spraying,
  event: SourceEvent,
  { enabled, tokensMin }: SourceFoldSettings['spraying'],
): Report | undefined {
  if (!enabled || spraying.tokens < tokensMin) return undefined
  const { level, source, bits, numbers } = spraying
  return {
    detector: 'credential-spraying',
    concern: 'misuse',
    level,
    source,
    tenant: '',
    seen: `${capital(sprayingText(spraying))} (last: ${event.status} for ${event.tokenName || event.tokenId})`,
    normal: usualFailuresText(spraying),
    numbers,
    bits,
    bucketMs: bucketOf(event, HOUR_MS),
  }
}

/** A breach; or, where many of one company came and nothing speaks for that, a move. */
function arrivalsReport(
  sharing: Sharing,
  event: SourceEvent,
  { enabled, tokensMin, moveTokensMin }: SourceFoldSettings['sharing'],
): Report | undefined {
  if (!enabled || sharing.tokens < tokensMin) return undefined
  const { level, source, bits, numbers, tenants, companies } = sharing
  const report = {
    detector: 'shared-source',
    level,
    source,
    tenant: tenants.length === 1 ? (tenants[0] as string) : '',
    seen: capital(sharingText(sharing)),
    normal: usualArrivalsText(sharing),
    numbers,
  }
  if (bits >= STEP_BITS) return { ...report, concern: 'misuse', bits, bucketMs: bucketOf(event, HOUR_MS) }
  if (companies > 1 || sharing.tokens < moveTokensMin) return undefined
  return { ...report, concern: 'governance', bits: MOVE_BITS, bucketMs: bucketOf(event, DAY_MS) }
}

function raise(
  subject: Subject,
  report: Report & NewStep,
  event: SourceEvent,
  snapshot: string,
  settings: FoldSettings,
  actions: Actions,
): { readonly finding: Finding; readonly alert: Alert | undefined } {
  const { detector, concern, source, tenant, level, step, bucketMs } = report
  const key = [source, detector, concern, bucketMs, step] as const
  const newId = () => hashId('incident', ...key) as IncidentId
  const joined = joinIncident(subject, concern, event.timeMs, settings.profile.incidentGapMs, actions, newId)
  const { incident, before } = joined
  const found = {
    ...toFinding(report, event),
    findingId: hashId(...key) as FindingId,
    incidentId: incident.id,
    reopening: incident.reopening,
    snapshot,
  }
  const finding: Finding = { ...found, ...addToSum(joined, found, settings.evidence) }
  addToIncident(incident, finding, finding.sumBits)
  const about = { kind: 'network', id: source, column: level, tokenName: '', tenant, isPowerful: false } as const
  const alert = alertOf(incident, before, event.timeMs, about, settings)
  return { finding, alert }
}

/** Takes up what was found before, so that it is not told again and goes on in its incident. */
function restore(subject: Subject, finding: Finding, settings: FoldSettings, actions: Actions): void {
  const { detector, concern, bucketMs, step, timeMs } = finding
  const newId = () => finding.incidentId
  const joined = joinIncident(subject, concern, timeMs, settings.profile.incidentGapMs, actions, newId)
  joined.incident.reopening = finding.reopening
  addToIncident(joined.incident, finding, addToSum(joined, finding, settings.evidence).sumBits)
  setTold(subject, { detector, concern, bucketMs }, step)
}

interface NewStep {
  readonly step: number
  readonly bits: number
}

/** The step that its bucket newly reached. What comes late is silent: what its bucket had told is not known. */
function newStep(subject: Subject, report: Report): NewStep | undefined {
  const { detector, concern, bits, bucketMs } = report
  const told = subject.told.get(`${detector} ${concern}`)
  if (told !== undefined && bucketMs < told.bucketMs) return undefined
  const before = told?.bucketMs === bucketMs ? told.step : 0
  const isNote = concern === 'governance'
  const step = isNote ? 1 : Math.floor(bits / STEP_BITS)
  if (step <= before) return undefined
  setTold(subject, report, step)
  return { step, bits: isNote ? bits : (step - before) * STEP_BITS }
}

function setTold(subject: Subject, of: Pick<Report, 'detector' | 'concern' | 'bucketMs'>, step: number): void {
  subject.told.set(`${of.detector} ${of.concern}`, { bucketMs: of.bucketMs, step })
}

function toFinding(report: Report & NewStep, event: SourceEvent) {
  const { detector, concern, source, tenant, seen, normal, numbers, bucketMs, step, bits } = report
  return {
    subjectKind: 'network' as const,
    subject: source,
    tokenName: '',
    tenant,
    detector,
    cause: 'company' as const,
    concern,
    eventId: event.eventId,
    timeMs: event.timeMs,
    bucketMs,
    step,
    bits,
    seen,
    normal,
    numbers,
    severityMin: undefined,
    isGrave: false,
    ip: event.ip,
    country: event.country,
    network: event.networkName === '' ? event.network : `${event.network} ${event.networkName}`,
    position: event.position,
  }
}

function bucketOf(event: SourceEvent, lengthMs: number): number {
  return Math.floor(event.timeMs / lengthMs) * lengthMs
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
