/** What the commands that list stored rows share: how many, as a table or as JSON, and harmless on a terminal. */
import Table from 'cli-table3'
import { InvalidArgumentError } from 'commander'
import { clip } from '../text.ts'

const LIMIT_MAX = 100_000

/** For `--limit`. */
export function listLimit(text: string): number {
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new InvalidArgumentError(`expected a whole number from 1 to ${LIMIT_MAX}`)
  return limit
}

/** One JSON document in ASCII: hostile characters stand in it as escapes, and nothing is lost. */
export function jsonText(value: unknown): string {
  const escaped = JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${escaped}\n`
}

/** A table without colours. Every cell is made printable and cut to so many characters. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[], cellCharsMax = 60): string {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } })
  for (const row of rows) table.push(row.map((cell) => clip(cell, cellCharsMax)))
  return `${table.toString()}\n`
}

/** RFC 3339 to the second, for people. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z')
}
