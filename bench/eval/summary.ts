/** What is told of a sweep: recall over all kinds and by kind, precision, time to detect. */
import type { Attack } from './attacks.ts'
import { DETECT_RATE, medianOf, precisionOf, RATES, recallOf, type Sweep, timeToDetectMs } from './sweep.ts'
import { duration, percent, type TableData } from './table.ts'

/** A row for each rate, and one for everything that was said. */
export function ratesTable(title: string, sweep: Sweep): TableData {
  const points = [
    ...RATES.map((rate) => [String(rate), sweep.atRate(rate)] as const),
    ['everything', sweep.at(0)] as const,
  ]
  return {
    title,
    head: ['false per 1,000 token-days', 'threshold', 'recall', 'caught', 'false', 'actual rate', 'precision'],
    rows: points.map(([rate, point]) => [
      rate,
      point.threshold,
      percent(recallOf(point, sweep.attacks)),
      `${point.caught.size} of ${sweep.attacks.length}`,
      point.falseIncidents,
      point.falsePer1000.toFixed(2),
      percent(precisionOf(point)),
    ]),
  }
}

const THRESHOLDS = [8, 10, 11, 12, 13, 14, 16, 18, 20, 24, 28, 32]

/** What a fixed threshold costs and catches; the rate of a day is that of one seed's whole estate. */
export function thresholdsTable(title: string, sweep: Sweep, days: number): TableData {
  return {
    title,
    head: ['bits', 'recall', 'precision', 'false per 1,000 token-days', 'false a day'],
    rows: THRESHOLDS.map((threshold) => {
      const point = sweep.at(threshold)
      const falseADay = point.falseIncidents / (days * sweep.views.length)
      return [
        threshold,
        percent(recallOf(point, sweep.attacks)),
        percent(precisionOf(point)),
        point.falsePer1000.toFixed(1),
        falseADay.toFixed(2),
      ]
    }),
  }
}

/** Recall of each kind at each rate, and the median time to detect. */
export function kindsTable(title: string, sweep: Sweep): TableData {
  const points = RATES.map((rate) => sweep.atRate(rate))
  const { threshold } = sweep.atRate(DETECT_RATE)
  const kinds = Map.groupBy(sweep.attacks, ({ kind }) => kind)
  return {
    title,
    head: ['attack', 'played', ...RATES.map((rate) => `at ${rate}`), `time to detect at ${DETECT_RATE}`],
    rows: [...kinds]
      .sort(([left], [right]) => left.localeCompare(right))
      .map(([kind, attacks]) => [
        kind,
        attacks.length,
        ...points.map((point) => percent(recallOf(point, attacks))),
        duration(medianTimeMs(sweep, attacks, threshold)),
      ]),
  }
}

function medianTimeMs(sweep: Sweep, attacks: readonly Attack[], threshold: number): number {
  return medianOf(
    attacks.map((attack) => timeToDetectMs(sweep, attack, threshold)).filter((time) => time !== undefined),
  )
}
