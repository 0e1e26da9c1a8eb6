/**
 * Adds up what speaks against one token: a sum that decays, with a drift, so that a burst of small surprises counts and
 * one lonely surprise counts for less.
 *
 * Findings of one coincidence window are weighed together. Detectors that tell of one cause (where from, with what,
 * what, how much, when) tell the same thing twice, so of each cause only the loudest detector counts. Several causes at
 * once are rarer than each by itself, by more than their bits say: each cause beyond the first adds `coincidenceBits`.
 * From each window the drift is taken, as in a CUSUM (Page, 1954), since some new value comes in every week; what is
 * left adds to the sum, which halves every `halfLifeMs`.
 */
import { roundBits } from '../event.ts'

export interface EvidenceSettings {
  readonly coincidenceWindowMs: number
  readonly coincidenceBits: number
  readonly driftBits: number
  readonly halfLifeMs: number
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
  readonly window: Map<string, { readonly cause: string; bits: number }>
}

export function createEvidence(): Evidence {
  return { bits: 0, atMs: 0, windowMs: 0, carriedBits: 0, window: new Map() }
}

/** Adds one finding and returns the sum. */
export function addEvidence(
  evidence: Evidence,
  finding: { readonly detector: string; readonly cause: string; readonly bits: number; readonly timeMs: number },
  settings: EvidenceSettings,
): number {
  const timeMs = Math.max(evidence.atMs, finding.timeMs)
  if (timeMs > evidence.windowMs + settings.coincidenceWindowMs || evidence.atMs === 0) {
    evidence.carriedBits = roundBits(evidence.bits * 2 ** ((evidence.atMs - timeMs) / settings.halfLifeMs))
    evidence.windowMs = timeMs
    evidence.window.clear()
  }
  const known = evidence.window.get(finding.detector)
  if (known === undefined) evidence.window.set(finding.detector, { cause: finding.cause, bits: finding.bits })
  else known.bits += finding.bits
  evidence.atMs = timeMs
  evidence.bits = evidence.carriedBits + windowBits(evidence, settings)
  return evidence.bits
}

function windowBits({ window }: Evidence, settings: EvidenceSettings): number {
  const loudest = new Map<string, number>()
  for (const { cause, bits } of window.values()) loudest.set(cause, Math.max(bits, loudest.get(cause) ?? 0))
  let sum = -settings.driftBits
  for (const bits of loudest.values()) sum += bits
  return Math.max(0, roundBits(sum + (loudest.size - 1) * settings.coincidenceBits))
}
