/** What a configuration would have told people in a time, and how two configurations differ in that. */
import type { Alert } from './alert/alert.ts'
import type { Block } from './block.ts'
import type { Concern } from './detect/detector.ts'
import type { Severity } from './severity.ts'
import { SEVERITIES } from './severity.ts'
import { dayOf } from './profile/calendar.ts'

/** An incident of which people were told. */
export interface ToldIncident {
  readonly incidentId: string
  readonly subject: string
  readonly concern: Concern
  readonly tokenName: string
  readonly tenant: string
  readonly beganAtMs: number
  /** When people were first told of it. */
  readonly toldAtMs: number
  /** Whether that was in the time that is reported, and not before. */
  readonly isCounted: boolean
  /** As of the latest alert. */
  lastMs: number
  severity: Severity
  surpriseBits: number
  /** The one with the most bits first: it leads. */
  detectors: readonly string[]
  readonly title: string
}

export interface DayTally {
  events: number
  /** Further messages about incidents that grew worse. */
  escalations: number
}

/** Counts what falls into a time; what came before is remembered only to be recognised. */
export interface Tally {
  readonly take: (block: Block) => void
  /** By day since 1970, in the order in which days came. */
  readonly days: ReadonlyMap<number, DayTally>
  readonly findings: ReadonlyMap<string, number>
  readonly incidents: ReadonlyMap<string, ToldIncident>
  /** Events before the time that is reported. */
  readonly eventsBefore: number
}

/** @param fromMs event time from which on is reported. */
export function createTally(fromMs: number): Tally {
  const days = new Map<number, DayTally>()
  const findings = new Map<string, number>()
  const incidents = new Map<string, ToldIncident>()
  let eventsBefore = 0

  function dayAt(timeMs: number): DayTally {
    const known = days.get(dayOf(timeMs)) ?? { events: 0, escalations: 0 }
    days.set(dayOf(timeMs), known)
    return known
  }

  function takeAlert(alert: Alert): void {
    const isCounted = alert.timeMs >= fromMs
    const detectors = alert.detectors.map(({ name }) => name)
    // An incident that opens again is told anew.
    const id = `${alert.incidentId} ${alert.reopening}`
    const known = incidents.get(id)
    if (isCounted && known !== undefined) dayAt(alert.timeMs).escalations++
    const { severity, surpriseBits, timeMs: lastMs } = alert
    if (known !== undefined) {
      Object.assign(known, { lastMs, severity, surpriseBits, detectors })
      return
    }
    const { incidentId, subject, concern, tokenName, tenant, beganAtMs, title } = alert
    const now = { severity, surpriseBits, detectors, lastMs, toldAtMs: lastMs, isCounted }
    incidents.set(id, { incidentId, subject, concern, tokenName, tenant, beganAtMs, title, ...now })
  }

  return {
    days,
    findings,
    incidents,
    get eventsBefore() {
      return eventsBefore
    },
    take({ events, findings: found, alerts }) {
      for (const { timeMs } of events) {
        if (timeMs >= fromMs) dayAt(timeMs).events++
        else eventsBefore++
      }
      for (const { timeMs, detector } of found) if (timeMs >= fromMs) increment(findings, detector)
      for (const { alert } of alerts) takeAlert(alert)
    },
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** The incidents that a tally counts, in the order in which people were told of them. */
export function countedIncidents({ incidents }: Tally): ToldIncident[] {
  return [...incidents.values()].filter(({ isCounted }) => isCounted).sort((a, b) => a.toldAtMs - b.toldAtMs)
}

export interface Difference {
  /** Of which only the candidate tells. */
  readonly added: readonly ToldIncident[]
  /** Of which only the running configuration tells. */
  readonly removed: readonly ToldIncident[]
  /** Of which both tell, with another severity. */
  readonly changed: readonly { readonly running: ToldIncident; readonly candidate: ToldIncident }[]
}

/**
 * Incidents are the same when they are about one subject and one concern at one time: their ids tell by what they began,
 * which another configuration may see differently.
 * @param gapMs between incidents that are no more the same.
 */
export function differenceOf(running: Tally, candidate: Tally, gapMs: number): Difference {
  const keyOf = ({ subject, concern }: ToldIncident) => `${concern} ${subject}`
  const bySubject = (tally: Tally) => Map.groupBy(tally.incidents.values(), keyOf)
  const [ofRunning, ofCandidate] = [bySubject(running), bySubject(candidate)]
  const twinOf = (incident: ToldIncident, among: typeof ofRunning) =>
    among.get(keyOf(incident))?.find((other) => overlap(incident, other, gapMs))
  const changed = countedIncidents(candidate).flatMap((incident) => {
    const twin = twinOf(incident, ofRunning)
    return twin === undefined || twin.severity === incident.severity ? [] : [{ running: twin, candidate: incident }]
  })
  return {
    added: countedIncidents(candidate).filter((incident) => twinOf(incident, ofRunning) === undefined),
    removed: countedIncidents(running).filter((incident) => twinOf(incident, ofCandidate) === undefined),
    changed,
  }
}

function overlap(a: ToldIncident, b: ToldIncident, gapMs: number): boolean {
  return a.beganAtMs <= b.lastMs + gapMs && b.beganAtMs <= a.lastMs + gapMs
}

/** Of each subject, the noisiest first. */
export function noisiest(incidents: readonly ToldIncident[]): (readonly [string, readonly ToldIncident[]])[] {
  return [...Map.groupBy(incidents, ({ subject }) => subject)].sort(
    (a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1),
  )
}

/** How many by the day on which people were told of them. */
export function byDay(incidents: readonly ToldIncident[]): ReadonlyMap<number, number> {
  return countBy(incidents, ({ toldAtMs }) => dayOf(toldAtMs))
}

/** How many by the detector that leads. */
export function byDetector(incidents: readonly ToldIncident[]): ReadonlyMap<string, number> {
  return countBy(incidents, ({ detectors }) => detectors[0] ?? '')
}

function countBy<K>(incidents: readonly ToldIncident[], keyOf: (incident: ToldIncident) => K): ReadonlyMap<K, number> {
  return new Map([...Map.groupBy(incidents, keyOf)].map(([key, group]) => [key, group.length]))
}

/** The gravest first. */
export function bySeverity(incidents: readonly ToldIncident[]): (readonly [Severity, number])[] {
  const counts = countBy(incidents, ({ severity }) => severity)
  return SEVERITIES.toReversed().flatMap((severity) => {
    const count = counts.get(severity)
    return count === undefined ? [] : [[severity, count] as const]
  })
}
