/** What the detectors may know of the source of a call: what it did with other tokens within the hour before. */
import type { Weighed } from './bits.ts'
import type { TokenId } from '../event.ts'
import type { NewcomerTally } from './source.ts'
import type { CountedEvent, Holder, Sight, SourceLevel } from './sight.ts'

/** A source that was refused with many tokens to which it is new. */
export interface Spraying extends Weighed {
  readonly level: SourceLevel
  /** An address, a prefix in CIDR notation, or a network as events name it. */
  readonly source: string
  readonly tokens: number
  /** Those of them that were never seen anywhere. */
  readonly unknown: number
  /** Some of those that were let in there, to which it is new as well. */
  readonly admitted: readonly TokenId[]
}

/** A source that several tokens newly came to. */
export interface Sharing extends Weighed, NewcomerTally {
  readonly level: SourceLevel
  readonly source: string
}

export interface SourceSnapshot {
  /** Names in findings what an event was judged by. */
  idOf(event: CountedEvent): string
  /** What the call's source did with other tokens, where this one is new to it and nobody of its company is at home. */
  sprayingOf(event: CountedEvent, holder: Holder, sight: Sight): Spraying | undefined
  /** In whose company this token newly came, itself included. */
  sharingOf(event: CountedEvent, holder: Holder, sight: Sight): Sharing | undefined
}

export const NO_SOURCES: SourceSnapshot = { idOf: () => '', sprayingOf: () => undefined, sharingOf: () => undefined }
