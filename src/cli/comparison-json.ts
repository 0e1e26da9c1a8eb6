/** What configurations would have told, for programs. */
import {
  type DayTally,
  type Difference,
  type Tally,
  type ToldIncident,
  byDay,
  byDetector,
  countedIncidents,
  noisiest,
} from '../comparison.ts'
import { dayOf } from '../profile/calendar.ts'
import { type Report, dayText } from './comparison-report.ts'

export function reportJson({ fromMs, toMs, learnedFromMs, running, other }: Report): object {
  const learned = running.eventsBefore
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    learned_before: { from: learned === 0 ? null : new Date(learnedFromMs).toISOString(), events: learned },
    changes: other?.changes ?? [],
    running: tallyJson(running),
    candidate: other === undefined ? null : tallyJson(other.candidate),
    difference: other === undefined ? null : differenceJson(other.difference),
  }
}

function tallyJson(tally: Tally): object {
  const told = countedIncidents(tally)
  return {
    alerts: told.length,
    days: [...tally.days].sort((a, b) => a[0] - b[0]).map(([day, counts]) => dayJson(day, counts, told)),
    alerts_by_detector: Object.fromEntries(byDetector(told)),
    findings_by_detector: Object.fromEntries(tally.findings),
    noisiest: noisiest(told).map(([subject, incidents]) => ({
      subject,
      token_name: incidents[0]?.tokenName ?? '',
      alerts: incidents.length,
    })),
  }
}

function dayJson(day: number, { events, escalations }: DayTally, told: readonly ToldIncident[]): object {
  const alerts = told.filter(({ toldAtMs }) => dayOf(toldAtMs) === day)
  return {
    day: dayText(day),
    events,
    alerts: byDay(alerts).get(day) ?? 0,
    alerts_by_detector: Object.fromEntries(byDetector(alerts)),
    escalations,
  }
}

function differenceJson({ added, removed, changed }: Difference): object {
  return {
    added: added.map(incidentJson),
    removed: removed.map(incidentJson),
    changed: changed.map(({ running, candidate }) => ({
      running: incidentJson(running),
      candidate: incidentJson(candidate),
    })),
  }
}

function incidentJson(incident: ToldIncident): object {
  return {
    incident_id: incident.incidentId,
    subject: incident.subject,
    concern: incident.concern,
    token_name: incident.tokenName,
    tenant: incident.tenant,
    began_at: new Date(incident.beganAtMs).toISOString(),
    told_at: new Date(incident.toldAtMs).toISOString(),
    severity: incident.severity,
    surprise_bits: incident.surpriseBits,
    detectors: incident.detectors,
    title: incident.title,
  }
}
