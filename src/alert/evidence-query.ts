/** The query that an alert carries, so that whoever gets it can look at the calls themselves in ClickHouse. */

/** Columns of `events` by which an incident's subject is looked up: a token, or a source on one of its levels. */
export type SubjectColumn = 'token_id' | 'address' | 'prefix' | 'network'

export interface EvidenceQueryInput {
  /** '' for the connection's own database. */
  readonly database: string
  readonly subject: string
  /** Which column of `events` holds the subject; the token's id unless said otherwise. */
  readonly column?: SubjectColumn
  readonly detectors: readonly string[]
  readonly eventIds: readonly string[]
  /** Event times, both included. */
  readonly fromMs: number
  readonly toMs: number
}

/** An analyst wants the calls around the strongest findings, not a table dump. */
const ROWS_MAX = 200
const LINE_CHARS_MAX = 96

/**
 * One SELECT over `events` with fixed time bounds, several lines, without a semicolon at its end. It holds ids, times
 * and detector names only, each through `quote`. Alerts that have no events (those of the pipeline) carry '' instead.
 */
export function evidenceQuery(input: EvidenceQueryInput): string {
  const { database, subject, column = 'token_id', detectors, eventIds, fromMs, toMs } = input
  const table = database === '' ? 'events' : `${quote(database, '"')}.events`
  const picks = [
    ...(eventIds.length > 0 ? [`event_id IN ${list('(', eventIds, ')')}`] : []),
    ...(detectors.length > 0 ? [`hasAny(reasons, ${list('[', detectors, ']')})`] : []),
  ]
  return [
    'SELECT time, event_id, ip, country, network, network_name, method, path, route, status,',
    '       user_agent, surprise_bits, reasons',
    `FROM ${table}`,
    `WHERE ${column} = ${quote(subject)}`,
    `  AND time >= ${timeLiteral(fromMs)}`,
    `  AND time <= ${timeLiteral(toMs)}`,
    ...(picks.length > 0 ? [`  AND (${picks.join('\n    OR ')})`] : []),
    'ORDER BY time, event_id',
    `LIMIT ${ROWS_MAX}`,
  ].join('\n')
}

/**
 * A string literal of ClickHouse, or with `"` an identifier. Everything but plain ASCII, and what a terminal, a chat or
 * a browser might read as markup, becomes the `\xNN` of its UTF-8 bytes, so that the text can be shown and copied
 * anywhere. The literal's value is the text itself; a lone surrogate becomes U+FFFD.
 * Source: ClickHouse reference, Syntax, "String literals" and "Identifiers".
 */
export function quote(text: string, mark: "'" | '"' = "'"): string {
  const body = text
    .toWellFormed()
    .replace(/[\\'"]/g, (char) => `\\${char}`)
    .replace(/[^ -~]|[`<>&]/gu, (char) => Array.from(Buffer.from(char), hexByte).join(''))
  return mark + body + mark
}

function hexByte(byte: number): string {
  return `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** A time as ClickHouse reads it, to the millisecond. */
export function timeLiteral(timeMs: number): string {
  const text = new Date(timeMs).toISOString().slice(0, 23).replace('T', ' ')
  return `toDateTime64(${quote(text)}, 3, 'UTC')`
}

/** Broken into lines where it would become too wide to read. */
function list(open: string, values: readonly string[], close: string): string {
  const indent = ' '.repeat(8)
  const lines: string[] = []
  let line = ''
  for (const value of values.map((each) => quote(each))) {
    if (line !== '' && indent.length + line.length + value.length > LINE_CHARS_MAX) {
      lines.push(`${line},`)
      line = value
    } else line = line === '' ? value : `${line}, ${value}`
  }
  return open + [...lines, line].join(`\n${indent}`) + close
}
