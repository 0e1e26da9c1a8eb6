/** The message that an incident opened, escalated or resolved: all that an on-call engineer gets to see. */
import type { Concern } from '../detect/detector.ts'
import type { AlertId, EventTimeMs, IncidentId, SubjectKind } from '../event.ts'
import type { Severity } from '../severity.ts'

/** `pipeline` alerts tell that tokenwatch itself sees too little; `bits` exists only in `replay --min-bits`. */
export const ALERT_KINDS = ['opened', 'escalated', 'resolved', 'pipeline', 'bits'] as const
export type AlertKind = (typeof ALERT_KINDS)[number]

/** One finding as an alert shows it. */
export interface Evidence {
  readonly detector: string
  readonly bits: number
  readonly timeMs: EventTimeMs
  readonly seen: string
  readonly normal: string
  readonly eventId: string
  readonly ip: string
  readonly country: string
  readonly network: string
}

export interface AlertSource {
  readonly ip: string
  readonly country: string
  readonly network: string
}

/** Values of events in it are hostile and stand as they came: every output makes them harmless for itself. */
export interface Alert {
  readonly alertId: AlertId
  readonly incidentId: IncidentId
  readonly kind: AlertKind
  /** Whom it is for. What concerns `governance` goes into one review a day. */
  readonly concern: Concern
  readonly severity: Severity
  /** Number of earlier resolve actions of the incident. */
  readonly reopening: number
  readonly subjectKind: SubjectKind
  readonly subject: string
  /** Of the token, '' for other subjects. */
  readonly tokenName: string
  readonly tenant: string
  readonly title: string
  /** Event time of the finding that raised it. */
  readonly timeMs: EventTimeMs
  /** Event time of the incident's first finding. */
  readonly beganAtMs: EventTimeMs
  readonly surpriseBits: number
  /** Bits by detector, most first. */
  readonly detectors: readonly { readonly name: string; readonly bits: number }[]
  /** Strongest first. */
  readonly evidence: readonly Evidence[]
  /** Of the strongest evidence, at most five, without repetition. */
  readonly sources: readonly AlertSource[]
  /** At most five: first that of the finding that raised it, then those of the strongest evidence. */
  readonly eventIds: readonly string[]
  /** One SELECT with fixed time bounds that shows the evidence in ClickHouse. */
  readonly evidenceQuery: string
}
