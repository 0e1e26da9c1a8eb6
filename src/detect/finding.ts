/** What detection says of an event: its findings, and what the profile learned from it. */
import type { Cause, Concern } from './detector.ts'
import type { Severity } from '../severity.ts'
import type { AccessEvent, EventId, EventTimeMs, FindingId, IncidentId, Position, SubjectKind } from '../event.ts'

/** One detector's answer to one event, placed in an incident. */
export interface Finding {
  readonly findingId: FindingId
  readonly incidentId: IncidentId
  readonly subjectKind: SubjectKind
  readonly subject: string
  readonly tokenName: string
  readonly tenant: string
  readonly detector: string
  readonly cause: Cause
  readonly concern: Concern
  readonly eventId: EventId
  readonly timeMs: EventTimeMs
  /** Start of the bucket for bucketed detectors, else 0. */
  readonly bucketMs: number
  /** The multiple of four bits that was passed, else 0. */
  readonly step: number
  /** Rounded to 1/256. */
  readonly bits: number
  readonly seen: string
  readonly normal: string
  readonly numbers: Readonly<Record<string, number>>
  /** What the token's evidence came to with it, and the sum's state, so that it can be taken up again (evidence.ts). */
  readonly sumBits: number
  readonly windowMs: number
  readonly carriedBits: number
  readonly severityMin: Severity | undefined
  readonly isGrave: boolean
  /** How often its incident had been resolved when it was made. */
  readonly reopening: number
  /** The peer snapshot that it used, '' for none. */
  readonly snapshot: string
  readonly ip: string
  readonly country: string
  readonly network: string
  readonly position: Position
}

/** An event with its own surprise and its masks (docs/schema.md): the row that is stored. */
export interface FoldedEvent extends AccessEvent {
  readonly surpriseBits: number
  readonly reasons: readonly string[]
  /** '' when the event has no finding. */
  readonly incidentId: IncidentId | ''
  readonly learned: number
  readonly held: number
  readonly fresh: number
  /** How the token stood to the source, as a mask (sources/sight.ts), and the network where it was last before. */
  readonly sight: number
  readonly home: string
  /** What the token learned for the first time, for its peers, and as of when they were asked (profile/firsts.ts). */
  readonly firsts: number
  readonly peerWindowMs: number
}
