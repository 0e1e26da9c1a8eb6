/** Holds the alerts against the labels: which hidden attacks were found, when, and what was raised without need. */
import type { Alert } from '../alert/alert.ts'
import type { AttackName } from '../simulate/attacks/index.ts'
import type { AttackLabel } from '../simulate/simulation.ts'

/** One attack that was hidden in the month. */
export interface HiddenAttack {
  readonly name: AttackName
  readonly tokenId: string
  /** Event times of its calls, in order. */
  readonly callsMs: readonly number[]
  /** Alerts with one of its calls among their evidence, by event time. None: it was not found. */
  readonly alerts: readonly Alert[]
}

export interface Verdict {
  /** By the time of their first call. */
  readonly attacks: readonly HiddenAttack[]
  /** Alerts for anything else, by event time. */
  readonly others: readonly Alert[]
}

/** Pure. An alert counts for an attack when the calls that it rests on include one of the attack. */
export function judge(alerts: readonly Alert[], labels: readonly AttackLabel[]): Verdict {
  const sorted = [...alerts].sort((a, b) => a.timeMs - b.timeMs || (a.alertId < b.alertId ? -1 : 1))
  const hidden = new Map<string, { name: AttackName; tokenId: string; callsMs: number[]; eventIds: Set<string> }>()
  for (const { attack, token_id, event_id, time } of labels) {
    const key = `${attack}/${token_id}`
    const known = hidden.get(key) ?? { name: attack, tokenId: token_id, callsMs: [], eventIds: new Set<string>() }
    known.callsMs.push(Date.parse(time))
    known.eventIds.add(event_id)
    hidden.set(key, known)
  }
  const attacks = [...hidden.values()].map(({ name, tokenId, callsMs, eventIds }) => ({
    name,
    tokenId,
    callsMs: callsMs.sort((a, b) => a - b),
    alerts: sorted.filter((alert) => alert.evidence.some(({ eventId }) => eventIds.has(eventId))),
  }))
  const explained = new Set(attacks.flatMap((attack) => attack.alerts))
  return {
    attacks: attacks.sort((a, b) => (a.callsMs[0] ?? 0) - (b.callsMs[0] ?? 0)),
    others: sorted.filter((alert) => !explained.has(alert)),
  }
}

/** Alerts by incident, in the order of the first alert of each. */
export function byIncident(alerts: readonly Alert[]): readonly (readonly Alert[])[] {
  const incidents = new Map<string, Alert[]>()
  for (const alert of alerts) {
    const known = incidents.get(alert.incidentId)
    if (known === undefined) incidents.set(alert.incidentId, [alert])
    else known.push(alert)
  }
  return [...incidents.values()]
}
