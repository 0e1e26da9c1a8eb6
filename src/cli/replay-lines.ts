/** One alert as a line of JSON, as `replay --alerts` writes it. */
import type { Alert } from '../alert/alert.ts'

/**
 * Ids and addresses come with the strongest evidence first.
 * @param configuration which one raised it, where there are two.
 */
export function alertLine(alert: Alert, configuration?: 'running' | 'candidate'): string {
  return `${JSON.stringify({
    configuration,
    alert_id: alert.alertId,
    incident_id: alert.incidentId,
    kind: alert.kind,
    token_id: alert.subject,
    time: new Date(alert.timeMs).toISOString(),
    severity: alert.severity,
    surprise_bits: alert.surpriseBits,
    detectors: alert.detectors.map(({ name }) => name),
    title: alert.title,
    event_ids: distinct([...alert.eventIds.slice(0, 1), ...alert.evidence.map(({ eventId }) => eventId)]),
    ips: distinct(alert.evidence.map(({ ip }) => ip)),
  })}\n`
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '')
}
