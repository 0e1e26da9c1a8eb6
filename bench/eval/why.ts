/** For whoever tunes detection: what was false, on which tokens and by which detectors, and what was missed. */
import type { Attack } from './attacks.ts'
import type { Incident, ScoredLine } from './incidents.ts'
import type { Habits } from './simulated.ts'
import type { OperatingPoint, Run, Sweep } from './sweep.ts'
import type { TableData } from './table.ts'

export interface WhyOptions {
  /** False incidents per 1,000 token-days. */
  readonly rates: readonly number[]
  readonly examples: number
}

interface FalseIncident extends Incident {
  readonly run: Run
  readonly habit: string
  readonly peak: ScoredLine
}

export function whyTables(
  sweep: Sweep,
  runs: readonly Run[],
  habits: readonly Habits[],
  options: WhyOptions,
): TableData[] {
  const { rates, examples } = options
  const tables = rates.flatMap((rate) => falseTables(rate, falseIncidents(sweep.atRate(rate), runs, habits), examples))
  return [...tables, ...rates.map((rate) => missedTable(rate, sweep, runs, habits))]
}

function falseIncidents(point: OperatingPoint, runs: readonly Run[], habits: readonly Habits[]): FalseIncident[] {
  return point.incidents.flatMap((incidents, index) =>
    incidents
      .filter(({ attacks }) => attacks.size === 0)
      .map((incident) => ({
        ...incident,
        run: runs[index] as Run,
        habit: habits[index]?.get(incident.subject) ?? 'not a token',
        peak: peakOf(incident.lines),
      })),
  )
}

function falseTables(rate: number, incidents: readonly FalseIncident[], examples: number): TableData[] {
  const ranked = incidents.toSorted((left, right) => right.peak.bits - left.peak.bits)
  return [
    countTable(`false at ${rate} per 1,000, by detectors`, incidents, ({ peak }) => detectorsOf(peak)),
    countTable(`false at ${rate} per 1,000, by kind of token`, incidents, ({ habit }) => habit),
    {
      title: `false at ${rate} per 1,000, strongest first`,
      head: ['seed', 'token', 'kind', 'time', 'bits', 'detectors', 'title'],
      rows: ranked
        .slice(0, examples)
        .map(({ run, subject, habit, peak }) => [
          run.seed,
          subject.slice(0, 12),
          habit,
          new Date(peak.timeMs).toISOString().slice(0, 16),
          peak.bits.toFixed(1),
          detectorsOf(peak),
          peak.title.slice(0, 110),
        ]),
    },
  ]
}

/** With an example of the middle of each group, so that it shows what is usual there. */
function countTable(
  title: string,
  incidents: readonly FalseIncident[],
  keyOf: (incident: FalseIncident) => string,
): TableData {
  const groups = [...Map.groupBy(incidents, keyOf)].sort(([, left], [, right]) => right.length - left.length)
  return {
    title,
    head: ['', 'incidents', 'for example'],
    rows: groups.map(([key, group]) => [
      key,
      group.length,
      (group[Math.floor(group.length / 2)] as FalseIncident).peak.title.slice(0, 110),
    ]),
  }
}

function missedTable(rate: number, sweep: Sweep, runs: readonly Run[], habits: readonly Habits[]): TableData {
  const point = sweep.atRate(rate)
  const missed = runs.flatMap((run, index) =>
    run.attacks
      .filter((attack) => !point.caught.has(attack))
      .map((attack) => ({
        seed: run.seed,
        attack,
        habit: habitsOf(attack, habits[index]),
        best: bestOf(sweep, attack),
      })),
  )
  return {
    title: `missed at ${rate} per 1,000 (threshold ${point.threshold})`,
    head: ['attack', 'seed', 'token', 'kind', 'from', 'events', 'best bits', 'detectors', 'title'],
    rows: missed
      .sort((left, right) => left.attack.kind.localeCompare(right.attack.kind))
      .map(({ seed, attack, habit, best }) => [
        attack.kind,
        seed,
        [...attack.spans.keys()].map((token) => token.slice(0, 12))[0] ?? '',
        habit,
        new Date(attack.firstMs).toISOString().slice(0, 16),
        attack.eventIds.size,
        best === undefined ? '' : best.bits.toFixed(1),
        best === undefined ? '' : detectorsOf(best),
        best === undefined ? '' : best.title.slice(0, 80),
      ]),
  }
}

function habitsOf(attack: Attack, habits: Habits | undefined): string {
  return [...new Set([...attack.spans.keys()].map((token) => habits?.get(token) ?? '?'))].join(' ')
}

function bestOf(sweep: Sweep, attack: Attack): ScoredLine | undefined {
  const lines = sweep.views.flatMap((view) => view.linesOf(attack))
  return lines.length === 0 ? undefined : peakOf(lines)
}

function peakOf(lines: readonly ScoredLine[]): ScoredLine {
  return lines.reduce((best, line) => (line.bits > best.bits ? line : best))
}

function detectorsOf({ detectors }: ScoredLine): string {
  return detectors.toSorted().join(' + ')
}
