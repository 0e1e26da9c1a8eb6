/** Recall, precision and time to detect at given rates of false incidents, over the runs of several seeds together. */
import { quantileSorted } from 'simple-statistics'
import type { Attack } from './attacks.ts'
import { createIncidentView, type Incident, type IncidentView, type ScoredLine } from './incidents.ts'

/** One seed's traffic and what was said about it. */
export interface Run {
  readonly seed: number
  readonly tokenDays: number
  readonly attacks: readonly Attack[]
  readonly lines: readonly ScoredLine[]
}

/** Rates of false incidents per 1,000 token-days at which recall is told. */
export const RATES = [1, 5, 20] as const
/** The rate at which the time to detect is told. */
export const DETECT_RATE = 5

export interface OperatingPoint {
  /** Infinity where no threshold keeps to the rate. */
  readonly threshold: number
  readonly incidents: readonly (readonly Incident[])[]
  readonly falseIncidents: number
  readonly trueIncidents: number
  readonly falsePer1000: number
  /** Attacks that at least one incident tells of, over all runs. */
  readonly caught: ReadonlySet<Attack>
}

export interface Sweep {
  readonly attacks: readonly Attack[]
  readonly views: readonly IncidentView[]
  at(threshold: number): OperatingPoint
  /** The lowest threshold such that it and every higher one keeps to the rate. */
  atRate(falsePer1000: number): OperatingPoint
}

export function createSweep(runs: readonly Run[]): Sweep {
  const views = runs.map(({ lines, attacks }) => createIncidentView(lines, attacks))
  const tokenDays = runs.reduce((sum, run) => sum + run.tokenDays, 0)
  const thresholds = thresholdsOf(runs)

  function at(threshold: number): OperatingPoint {
    const incidents = views.map((view) => view.at(threshold))
    const all = incidents.flat()
    const trueIncidents = all.filter(({ attacks }) => attacks.size > 0).length
    const falseIncidents = all.length - trueIncidents
    return {
      threshold,
      incidents,
      falseIncidents,
      trueIncidents,
      falsePer1000: (falseIncidents / tokenDays) * 1_000,
      caught: new Set(all.flatMap(({ attacks }) => [...attacks])),
    }
  }

  return {
    attacks: runs.flatMap(({ attacks }) => attacks),
    views,
    at,
    atRate(falsePer1000) {
      let best = at(Infinity)
      for (const threshold of thresholds) {
        const point = at(threshold)
        if (point.falsePer1000 > falsePer1000) break
        best = point
      }
      return best
    },
  }
}

/** Where the false incidents can change, highest first: in steps of a quarter bit up to 64, of 4 above. */
function thresholdsOf(runs: readonly Run[]): readonly number[] {
  const steps = runs.flatMap(({ lines }) => lines.map(({ bits }) => floorTo(bits, bits < 64 ? 0.25 : 4)))
  return [...new Set(steps)].sort((left, right) => right - left)
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step
}

export function recallOf(point: OperatingPoint, attacks: readonly Attack[]): number {
  return attacks.length === 0 ? NaN : attacks.filter((attack) => point.caught.has(attack)).length / attacks.length
}

export function precisionOf({ trueIncidents, falseIncidents }: OperatingPoint): number {
  return trueIncidents / (trueIncidents + falseIncidents)
}

/** From the first labelled event to the first line at or above the threshold, in event time; undefined if missed. */
export function timeToDetectMs(sweep: Sweep, attack: Attack, threshold: number): number | undefined {
  const times = sweep.views.flatMap((view) =>
    view.linesOf(attack).flatMap(({ bits, timeMs }) => (bits >= threshold ? [timeMs] : [])),
  )
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - attack.firstMs)
}

export function medianOf(values: readonly number[]): number {
  return values.length === 0
    ? NaN
    : quantileSorted(
        [...values].sort((left, right) => left - right),
        0.5,
      )
}
