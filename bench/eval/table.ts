/** Tables as data, so that the terminal, the documentation and JSON show the same figures. */
import Table from 'cli-table3'

export type Cell = string | number

export interface TableData {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** Columns without lines, for many rows on one screen. */
export function renderText({ title, head, rows }: TableData): string {
  const table = new Table({
    head: [...head],
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  })
  table.push(...rows.map((row) => [...row]))
  return `\n${title}\n${table.toString()}\n`
}

const NO_LINES = Object.fromEntries(
  ['top', 'bottom', 'mid', 'left', 'right'].flatMap((side) =>
    [side, `${side}-left`, `${side}-mid`, `${side}-right`].map((name) => [name, '']),
  ),
)

export function renderMarkdown({ title, head, rows }: TableData): string {
  const line = (cells: readonly Cell[]) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  return [`**${title}**`, '', line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n')
}

export function percent(share: number): string {
  return Number.isNaN(share) ? '' : `${Math.round(share * 100)} %`
}

/** `45 s`, `12 min`, `7.5 h`, `2.1 d`. */
export function duration(ms: number): string {
  const seconds = ms / 1_000
  if (Number.isNaN(ms)) return ''
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 48 * 3_600) return `${(seconds / 3_600).toFixed(1)} h`
  return `${(seconds / 86_400).toFixed(1)} d`
}
