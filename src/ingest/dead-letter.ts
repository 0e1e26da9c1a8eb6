/** A record that could not become an event: kept with its reason, never lost, never in the way. */
import type { Position } from '../event.ts'

/** Closed set, also the metric's label. */
export const DEAD_LETTER_REASONS = [
  'tombstone',
  'empty',
  'too-large',
  'invalid-utf8',
  'not-json',
  'not-an-object',
  'too-deep',
  'forbidden-key',
  'missing-field',
  'wrong-type',
  'impossible-time',
  'time-in-future',
  'time-in-past',
  'token-without-key',
] as const
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

export interface DeadLetter {
  /** Its id. */
  readonly position: Position
  readonly reason: DeadLetterReason
  /** Which field and what was expected of it; never a value. */
  readonly detail: string
  /** The first 4 KiB with secrets masked where the record parsed, else ''. */
  readonly excerpt: string
  readonly lengthBytes: number
  /** SHA-256 of the record's bytes, hex; '' for a tombstone. */
  readonly sha256: string
}
