/**
 * Adds up what speaks against one token: a sum that decays, with a drift, so that a burst of small surprises counts and
 * one lonely surprise counts for less.
 *
 * Findings of one coincidence window are weighed together. Detectors that tell of one cause (where from, with what,
 * what, how much, when) tell the same thing twice, so of each cause only the loudest detector counts. Several causes at
 * once are rarer than each by itself, by more than their bits say: each cause beyond the first adds `coincidenceBits`.
 * From each cause the drift is taken, as in a CUSUM (Page, 1954), since some new value comes in every week; facts are no
 * matter of chance, and count whole, as does what the settings except. What is
 * left adds to the sum, which halves every `halfLifeMs`. A window takes over `carriedBitsMax` at most: a great surprise
 * was told, and must not make an alert of each small one that follows.
 */
import { roundBits } from '../event.ts'

export interface EvidenceSettings {
  readonly coincidenceWindowMs: number
  readonly coincidenceBits: number
  readonly driftBits: number
  /** Detectors whose findings pay no drift. */
  readonly driftFree: readonly string[]
  readonly halfLifeMs: number
  readonly carriedBitsMax: number
}

/** A token's sum. Times are event times; they never go back. */
export interface Evidence {
  /** The sum after the latest finding. */
  bits: number
  atMs: number
  /** Start of the window in hand: its first finding. */
  windowMs: number
  /** What the sum had come down to when the window began. */
  carriedBits: number
  /** Bits of the window, by detector. */
  readonly window: Map<string, WindowBits>
}

/** What one detector adds to a window: the most of one of its buckets or findings, for a second one is no news. */
interface WindowBits {
  readonly cause: string
  bits: number
  bucketMs: number
  bucketBits: number
}

export function createEvidence(): Evidence {
  return { bits: 0, atMs: 0, windowMs: 0, carriedBits: 0, window: new Map() }
}

export interface EvidenceFinding {
  readonly detector: string
  readonly cause: string
  /** Of a bucketed detector: what the bucket gained. */
  readonly bits: number
  readonly timeMs: number
  /** Start of its bucket, 0 for none. */
  readonly bucketMs: number
}

/** Adds one finding and returns the sum. */
export function addEvidence(evidence: Evidence, finding: EvidenceFinding, settings: EvidenceSettings): number {
  const timeMs = Math.max(evidence.atMs, finding.timeMs)
  if (timeMs > evidence.windowMs + settings.coincidenceWindowMs || evidence.atMs === 0) {
    const left = evidence.bits * 2 ** ((evidence.atMs - timeMs) / settings.halfLifeMs)
    evidence.carriedBits = roundBits(Math.min(left, settings.carriedBitsMax))
    evidence.windowMs = timeMs
    evidence.window.clear()
  }
  addToWindow(evidence.window, finding)
  evidence.atMs = timeMs
  evidence.bits = evidence.carriedBits + weighWindow(evidence.window, settings).bits
  return evidence.bits
}

/** A finding as it was stored, with what the sum was with it. */
export interface StoredEvidence extends EvidenceFinding {
  readonly sumBits: number
  readonly windowMs: number
  readonly carriedBits: number
}

/** Takes up a sum again: called with each stored finding of its latest window, in the order of the log. */
export function resumeEvidence(evidence: Evidence, finding: StoredEvidence): void {
  addToWindow(evidence.window, finding)
  evidence.atMs = Math.max(evidence.atMs, finding.timeMs)
  evidence.bits = finding.sumBits
  evidence.windowMs = finding.windowMs
  evidence.carriedBits = finding.carriedBits
}

function addToWindow(window: Map<string, WindowBits>, { detector, cause, bits, bucketMs }: EvidenceFinding): void {
  const known = window.get(detector) ?? { cause, bits: 0, bucketMs: 0, bucketBits: 0 }
  known.bucketBits = bucketMs > 0 && bucketMs === known.bucketMs ? known.bucketBits + bits : bits
  known.bucketMs = bucketMs
  // Each sensitive endpoint is a deed of its own.
  known.bits = cause === 'sensitive' ? known.bits + bits : Math.max(known.bits, known.bucketBits)
  window.set(detector, known)
}

/** The findings of one window, in the order of the log, as it weighs them. */
export function windowOf(findings: Iterable<EvidenceFinding>): Evidence['window'] {
  const window: Evidence['window'] = new Map()
  for (const finding of findings) addToWindow(window, finding)
  return window
}

export interface WeighedWindow {
  /** Of each cause the loudest detector, its bits, and what is left of them after the drift. */
  readonly causes: readonly {
    readonly cause: string
    readonly detector: string
    readonly bits: number
    readonly leftBits: number
  }[]
  /** For the causes beyond the first of which something is left. */
  readonly coincidenceBits: number
  readonly bits: number
}

export function weighWindow(window: Evidence['window'], settings: EvidenceSettings): WeighedWindow {
  const loudest = new Map<string, WeighedWindow['causes'][number]>()
  for (const [detector, { cause, bits }] of window) {
    const isFree = cause === 'fact' || settings.driftFree.includes(detector)
    const leftBits = Math.max(0, isFree ? bits : bits - settings.driftBits)
    const known = loudest.get(cause)
    if (known === undefined || leftBits > known.leftBits) loudest.set(cause, { cause, detector, bits, leftBits })
  }
  const causes = [...loudest.values()]
  let sum = 0
  let count = 0
  for (const { cause, leftBits } of causes) {
    sum += leftBits
    if (leftBits > 0 && cause !== 'again' && cause !== 'sensitive') count++
  }
  const coincidenceBits = Math.max(0, count - 1) * settings.coincidenceBits
  return { causes, coincidenceBits, bits: roundBits(sum + coincidenceBits) }
}
