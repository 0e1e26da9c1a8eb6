/** What a replay came to, as a table for people. */
import Table from 'cli-table3'
import type { ReplaySummary } from '../replay.ts'

export function replaySummary(summary: ReplaySummary, tokens: number, durationMs: number): string {
  const table = new Table({ style: { head: [], border: [] } })
  const span = summary.firstMs === 0 ? '' : `${iso(summary.firstMs)} to ${iso(summary.lastMs)}`
  const rate = durationMs === 0 ? 0 : Math.round((summary.records / durationMs) * 1000)
  table.push(
    ['events', number(summary.events), span],
    ['dead letters', number(summary.deadLetters), list(summary.deadLettersByReason)],
    ['tokens', number(tokens), ''],
    ['findings', number(summary.findings), list(summary.findingsByDetector)],
    ['incidents', number(summary.incidents.size), ''],
    ['alerts', number(summary.alerts), `${(durationMs / 1000).toFixed(1)} s, ${number(rate)} records/s`],
  )
  return `${table.toString()}\n`
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${name} ${number(count)}`)
    .join('\n')
}
