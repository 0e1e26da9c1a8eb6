/** What a detector is: a pure answer to one event, given what its token normally does. */
import type { z } from 'zod'
import type { AccessEvent } from '../event.ts'
import type { Dimension } from '../profile/dimension.ts'
import { NO_PEERS, type PeerSnapshot } from '../profile/peers.ts'
import type { TokenProfile } from '../profile/profile.ts'
import type { Severity } from '../severity.ts'
import { EMPTY_REGISTRY, type TokenRegistry } from '../registry/registered-token.ts'
import { NO_SOURCES, type SourceSnapshot } from '../sources/snapshot.ts'

/** What a detector may know beside the token's own history. */
export interface DetectionContext {
  readonly peers: PeerSnapshot
  readonly registry: TokenRegistry
  readonly sources: SourceSnapshot
}
export const NO_CONTEXT: DetectionContext = { peers: NO_PEERS, registry: EMPTY_REGISTRY, sources: NO_SOURCES }

/** Findings of one cause tell the same thing twice: where the call comes from, what makes it, what it does, ... `again` is what was told before and goes on. */
export const CAUSES = ['source', 'client', 'action', 'volume', 'time', 'company', 'fact', 'sensitive', 'again'] as const
export type Cause = (typeof CAUSES)[number]

/**
 * Whom a finding concerns, and so which incident it joins: `misuse` is for who must decide whether to revoke,
 * `availability` for who runs the client, `governance` for who looks after the tokens and is never paged.
 */
export const CONCERNS = ['misuse', 'availability', 'governance'] as const
export type Concern = (typeof CONCERNS)[number]

/** A detector's answer. The fold gives it ids and places it in an incident. */
export interface Observation {
  /** Bits of surprise, -log2 of a probability; rounded by the fold. */
  readonly bits: number
  /** What was seen, one sentence for a person who has a minute. Values of the event stand in it as they are. */
  readonly seen: string
  /** What is normal: values or percentiles, over how long, from how many observations. */
  readonly normal: string
  /** The numbers of the formula, so that anyone can recompute the bits. */
  readonly numbers: Readonly<Record<string, number>>
  /** Where it differs from the detector's. */
  readonly cause?: Cause
  /** The dimension whose surprise this is, so that the event's own sum counts it once. */
  readonly dimension?: Dimension
  /** Bucketed detectors only: the start of the bucket and the multiple of four bits that was passed. */
  readonly bucket?: { readonly startMs: number; readonly step: number }
  /** A fact that needs no statistics: the incident alerts with at least this severity, whatever its bits. */
  readonly severityMin?: Severity
  /** The snapshot that it used, where that is not the one of the peers. */
  readonly snapshot?: string
  /** What was done is grave in itself: the incident's severity rises by a step. */
  readonly isGrave?: boolean
}

/** Pure. The same event, profile and context give the same answer. Never learns, stores or notifies. */
export interface Detector {
  readonly name: string
  inspect(event: AccessEvent, profile: TokenProfile, context: DetectionContext): Observation | undefined
}

/** What is stored of a finding, from which its bits can be computed again. */
export interface FoundNumbers {
  readonly numbers: Readonly<Record<string, number>>
  readonly bits: number
  readonly step: number
  readonly cause: string
  readonly concern: string
}

/** A detector with its settings: what a file in this folder exports and `index.ts` registers. */
export interface DetectorDefinition<S extends z.ZodObject = z.ZodObject> {
  readonly name: string
  /** One line for the settings reference. */
  readonly summary: string
  readonly cause: Cause
  /** `misuse` when absent. */
  readonly concern?: Concern
  /** Settings with defaults; every key is described. `enabled` is added to all. */
  readonly settings: S
  /** The arithmetic of a finding's bits, so that a person can compute them again (shared/arithmetic.ts). */
  readonly explain?: (found: FoundNumbers) => string
  create(settings: z.infer<S>, shared: SharedDetectSettings): Detector
}

/** What all detectors share. */
export interface SharedDetectSettings {
  /** A detector stays silent below this. */
  readonly findingBitsMin: number
}

export function defineDetector<S extends z.ZodObject>(definition: DetectorDefinition<S>): DetectorDefinition<S> {
  return definition
}
