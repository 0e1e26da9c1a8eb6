/** What configurations would have told, for people: the report of `tokenwatch backtest`, and of a replay that compares. */
import {
  type Difference,
  type Tally,
  type ToldIncident,
  byDay,
  byDetector,
  bySeverity,
  countedIncidents,
  differenceOf,
  noisiest,
} from '../comparison.ts'
import { DAY_MS } from '../settings.ts'
import type { Candidate, Change } from './candidate.ts'
import { tableText, timeText } from './listing.ts'

const SUBJECTS_SHOWN = 10
const INCIDENTS_SHOWN = 20
const TITLE_CHARS_MAX = 100

export interface Report {
  /** Event times of what is reported, the last one not included. */
  readonly fromMs: number
  readonly toMs: number
  /** Event time from which on profiles learned before that. */
  readonly learnedFromMs: number
  readonly running: Tally
  /** Undefined where only the running configuration was looked at. */
  readonly other:
    | { readonly candidate: Tally; readonly changes: readonly Change[]; readonly difference: Difference }
    | undefined
}

/** @param other the candidate with its tally. */
export function reportOf(
  span: Pick<Report, 'fromMs' | 'toMs' | 'learnedFromMs'>,
  running: Tally,
  other: (Pick<Candidate, 'config' | 'changes'> & { readonly tally: Tally }) | undefined,
): Report {
  if (other === undefined) return { ...span, running, other }
  const { tally: candidate, changes, config } = other
  const difference = differenceOf(running, candidate, config.alerting.incidentGapMs)
  return { ...span, running, other: { candidate, changes, difference } }
}

/** A column for what runs, and where there is one another for the candidate. */
interface Side {
  readonly name: string
  readonly tally: Tally
  readonly told: readonly ToldIncident[]
}

export function reportText(report: Report): string {
  const { running, other } = report
  const side = (name: string, tally: Tally): Side => ({ name, tally, told: countedIncidents(tally) })
  const sides =
    other === undefined ? [side('alerts', running)] : [side('running', running), side('candidate', other.candidate)]
  return [
    headText(report, sides),
    daysText(report, sides),
    detectorsText(sides),
    subjectsText(sides),
    ...(other === undefined ? [] : differenceText(other.difference)),
  ].join('\n')
}

function headText({ fromMs, toMs, learnedFromMs, running, other }: Report, sides: readonly Side[]): string {
  const events = [...running.days.values()].reduce((sum, day) => sum + day.events, 0)
  const before =
    running.eventsBefore === 0
      ? 'Profiles begin empty: no earlier event is known.'
      : `Profiles had learned from ${number(running.eventsBefore)} events since ${timeText(learnedFromMs)}.`
  const changes = other?.changes ?? []
  const lines = [
    `${number(events)} events from ${timeText(fromMs)} until ${timeText(toMs)}. ${before}`,
    ...changes.map(({ key, running: was, candidate }) => `  ${key}: ${was} -> ${candidate}`),
    ...(other !== undefined && changes.length === 0 ? ['The candidate changes nothing that shows here.'] : []),
    ...sides.map(({ name, told }) => {
      return `${name === 'alerts' ? name : `alerts, ${name}`}: ${told.length}${severitiesText(told)}`
    }),
  ]
  return `${lines.join('\n')}\n`
}

function severitiesText(told: readonly ToldIncident[]): string {
  const counts = bySeverity(told).map(([severity, count]) => `${count} ${severity}`)
  return counts.length === 0 ? '' : ` (${counts.join(', ')})`
}

function daysText({ running, other }: Report, sides: readonly Side[]): string {
  const lists = [...sides.map(({ told }) => told), ...(other ? [other.difference.added, other.difference.removed] : [])]
  const columns = lists.map(byDay)
  const rows = [...running.days]
    .sort((a, b) => a[0] - b[0])
    .map(([day, { events }]) => [
      dayText(day),
      number(events),
      ...columns.map((counts) => number(counts.get(day) ?? 0)),
    ])
  const names = [...sides.map(({ name }) => name), ...(other ? ['added', 'removed'] : [])]
  return tableText(['day (UTC)', 'events', ...names], rows)
}

/** A day since 1970 as a date. */
export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

function detectorsText(sides: readonly Side[]): string {
  const columns = [...sides.map(({ told }) => byDetector(told)), ...sides.map(({ tally }) => tally.findings)]
  const names = [...new Set(columns.flatMap((counts) => [...counts.keys()]))]
  if (names.length === 0) return 'no findings\n'
  const rows = names
    .map((name) => ({ name, counts: columns.map((counts) => counts.get(name) ?? 0) }))
    .sort((a, b) => weight(b.counts, sides.length) - weight(a.counts, sides.length))
  const suffixes = sides.length === 1 ? [''] : sides.map(({ name }) => `, ${name}`)
  const head = ['alerts', 'findings'].flatMap((what) => suffixes.map((suffix) => what + suffix))
  return tableText(
    ['leading detector', ...head],
    rows.map(({ name, counts }) => [name, ...counts.map(number)]),
  )
}

/** By alerts, then by findings. */
function weight(counts: readonly number[], sides: number): number {
  return Math.max(...counts.slice(0, sides)) * 1e9 + Math.max(...counts.slice(sides))
}

function subjectsText(sides: readonly Side[]): string {
  const counts = sides.map(({ told }) => new Map(noisiest(told)))
  const loudest = noisiest(sides.flatMap(({ told }) => told)).slice(0, SUBJECTS_SHOWN)
  if (loudest.length === 0) return 'no alerts\n'
  const rows = loudest.map(([subject, incidents]) => [
    subject,
    incidents[0]?.tokenName ?? '',
    ...counts.map((of) => number(of.get(subject)?.length ?? 0)),
    [...byDetector(incidents).keys()].join(' '),
  ])
  return tableText(['noisiest', 'name', ...sides.map(({ name }) => name), 'led by'], rows)
}

function differenceText({ added, removed, changed }: Difference): string[] {
  const severities = changed.map(({ running, candidate }) => {
    return { ...candidate, severity: `${running.severity} -> ${candidate.severity}` }
  })
  return [
    listText('The candidate would add', added),
    listText('The candidate would remove', removed),
    listText('It would tell with another severity', severities),
  ]
}

type Listed = Pick<ToldIncident, 'toldAtMs' | 'surpriseBits' | 'title'> & { readonly severity: string }

function listText(what: string, incidents: readonly Listed[]): string {
  if (incidents.length === 0) return `${what}: nothing.\n`
  const rows = incidents
    .toSorted((a, b) => b.surpriseBits - a.surpriseBits)
    .slice(0, INCIDENTS_SHOWN)
    .map((each) => [timeText(each.toldAtMs), each.severity, each.surpriseBits.toFixed(1), each.title])
  const rest = incidents.length - rows.length
  const more = rest > 0 ? `and ${number(rest)} more: --json has all\n` : ''
  return `${what}: ${number(incidents.length)}\n${tableText(['time', 'severity', 'bits', 'what'], rows, TITLE_CHARS_MAX)}${more}`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
