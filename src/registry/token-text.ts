/** Splits a list of tokens into its entries: CSV with a header, a JSON array, or one JSON object a line. */
import { CsvError, parse } from 'csv-parse/sync'

/** One entry as it stands in the file: keys in snake case, values as they were written. */
export interface Entry {
  /** Line on which it begins in JSON, on which it ends in CSV; from 1. */
  readonly line: number
  readonly fields: ReadonlyMap<string, unknown>
}

/** What is wrong with a place of the file. Holds nothing that may be a credential. */
export interface FileProblem {
  /** From 1; 0 where the place is not known. */
  readonly line: number
  /** '' where it is about the line as a whole. */
  readonly key: string
  /** The value as far as it may be shown, '' for none. */
  readonly value: string
  readonly expected: string
}

export const LIST_FORMATS = ['csv', 'json', 'ndjson'] as const
export type ListFormat = (typeof LIST_FORMATS)[number]

export interface Entries {
  readonly format: ListFormat
  readonly entries: readonly Entry[]
  readonly problems: readonly FileProblem[]
}

/** The format is told by the first character: `[` a JSON array, `{` one object a line, else CSV. */
export function readEntries(text: string): Entries {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text
  const first = /\S/.exec(body)?.[0]
  if (first === '[') return { format: 'json', ...readArray(body) }
  if (first === '{') return { format: 'ndjson', ...readLines(body) }
  return { format: 'csv', ...readCsv(body) }
}

type Found = Omit<Entries, 'format'>

function problem(line: number, expected: string): FileProblem {
  return { line, key: '', value: '', expected }
}

/** `Expires At`, `expires-at` and `expiresAt` are `expires_at`. */
function keyOf(text: string): string {
  return text
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase()
}

function entryOf(line: number, value: unknown): Entry | FileProblem {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return problem(line, 'an object such as {"token_id": "...", "owner": "..."}')
  }
  return { line, fields: new Map(Object.entries(value).map(([key, item]) => [keyOf(key), item])) }
}

function split(all: readonly (Entry | FileProblem)[]): Found {
  return {
    entries: all.filter((one) => 'fields' in one),
    problems: all.filter((one) => 'expected' in one),
  }
}

function readArray(text: string): Found {
  const parsed = parseJson(text)
  if (!('value' in parsed)) return { entries: [], problems: [problem(parsed.line, 'valid JSON')] }
  if (!Array.isArray(parsed.value)) return { entries: [], problems: [problem(1, 'a JSON array of objects')] }
  const lines = itemLines(text)
  return split(parsed.value.map((item: unknown, at) => entryOf(lines[at] ?? 0, item)))
}

function readLines(text: string): Found {
  const all: (Entry | FileProblem)[] = []
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const parsed = parseJson(line)
    all.push('value' in parsed ? entryOf(at + 1, parsed.value) : problem(at + 1, 'one whole JSON object on this line'))
  }
  return split(all)
}

/** V8 names the line at the end of some messages; the rest of a message may quote the text and is not looked at. */
function parseJson(text: string): { readonly value: unknown } | { readonly line: number } {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    const said = error instanceof SyntaxError ? /\(line (\d+) column \d+\)$/.exec(error.message)?.[1] : undefined
    return { line: Number(said ?? 0) }
  }
}

/** The line on which each item of a valid JSON array begins. */
function itemLines(json: string): number[] {
  const lines: number[] = []
  let line = 1
  let depth = 0
  let isExpected = false
  for (let at = 0; at < json.length; at++) {
    const char = json[at] as string
    if (char === '\n') line++
    if (/\s/.test(char)) continue
    if (isExpected && char !== ']') lines.push(line)
    isExpected = false
    if (char === '"') at = endOfString(json, at)
    else if (char === '[' || char === '{') isExpected = ++depth === 1
    else if (char === ']' || char === '}') depth--
    else if (char === ',') isExpected = depth === 1
  }
  return lines
}

function endOfString(json: string, start: number): number {
  let at = start + 1
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at
}

const CSV_MISTAKES: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a closing quote',
  CSV_INVALID_CLOSING_QUOTE: 'quotes around a whole value, and "" for a quote within it',
  INVALID_OPENING_QUOTE: 'quotes around a whole value, and "" for a quote within it',
}

function readCsv(text: string): Found {
  const records: (readonly [line: number, record: readonly string[]])[] = []
  try {
    parse(text, {
      delimiter: delimiterOf(text),
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      on_record: (record: string[], { lines }) => void records.push([lines, record]),
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    // The parser's own message quotes the value.
    return { entries: [], problems: [problem(Number(error['lines'] ?? 0), CSV_MISTAKES[error.code] ?? 'valid CSV')] }
  }
  const [header, ...rows] = records
  if (header === undefined) return { entries: [], problems: [] }
  const keys = header[1].map(keyOf)
  const wrong = headerProblem(keys)
  if (wrong !== '') return { entries: [], problems: [problem(header[0], wrong)] }
  return split(
    rows.map(([line, record]) =>
      record.length === keys.length
        ? { line, fields: new Map(keys.map((key, at) => [key, record[at]])) }
        : problem(line, `${keys.length} values, as in the header, instead of ${record.length}`),
    ),
  )
}

/** The header may be missing, and then its line is data: nothing of it is shown. */
function headerProblem(keys: readonly string[]): string {
  if (!keys.includes('token_id') && !keys.includes('token'))
    return 'a header that names the columns, token_id or token among them'
  return new Set(keys).size === keys.length ? '' : 'each column once in the header'
}

/** Spreadsheets write semicolons or tabs in some countries. */
function delimiterOf(text: string): string {
  const header = /^.*/.exec(text.trimStart())?.[0] ?? ''
  const count = (char: string) => header.split(char).length
  return [',', ';', '\t'].reduce((best, char) => (count(char) > count(best) ? char : best))
}
