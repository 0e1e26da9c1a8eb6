/** What the simulator gives out: events in the canonical format, and labels that say which belong to an attack. */

/** An event in the canonical format, as a gateway would ship it. */
export interface CanonicalEvent {
  /** RFC 3339 with milliseconds. */
  readonly timestamp: string
  readonly id: string
  readonly token_id: string
  readonly token_name: string
  readonly tenant: string
  readonly service: string
  readonly region: string
  readonly environment: string
  readonly ip: string
  readonly method: string
  readonly path: string
  readonly route?: string
  readonly status: number
  readonly user_agent: string
  readonly bytes_out?: number
  readonly latency_ms: number
}

/** Says of one event that it is part of an attack. Events without a label are benign. */
export interface EventLabel<Attack extends string> {
  readonly attack: Attack
  /** Which of the attacks of this kind; where it is missing, a token suffers a kind only once. */
  readonly instance?: string
  readonly token_id: string
  readonly event_id: string
  /** RFC 3339. */
  readonly time: string
}

/** Says that calls are missing. */
export interface AbsenceLabel {
  readonly attack: string
  readonly instance: string
  readonly token_id: string
  /** RFC 3339, equal to `begin`, so that all labels can be sorted by one field. */
  readonly time: string
  readonly begin: string
  readonly end: string
}

export interface LabelledEvent<Attack extends string> {
  readonly event: CanonicalEvent
  readonly label: EventLabel<Attack> | undefined
}
