/** Puts measured tables into a hand-written page, between markers that name them. */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { renderMarkdown, type TableData } from './table.ts'

/** What belongs between one pair of markers. */
export interface Section {
  readonly name: 'simulated' | 'cloudtrail' | 'nab'
  /** What the tables were measured on; '' where the page says it. */
  readonly introduction: string
  readonly tables: readonly TableData[]
}

const PAGE = fileURLToPath(new URL('../../docs/detection.md', import.meta.url))

/** Sections that were not measured stay as they are. */
export async function writeSections(sections: readonly Section[]): Promise<void> {
  let page = await readFile(PAGE, 'utf8')
  for (const section of sections) page = withSection(page, section)
  await writeFile(PAGE, page)
}

/** Throws where the page lacks the section's markers. */
export function withSection(page: string, { name, introduction, tables }: Section): string {
  const begin = `<!-- measured: ${name} -->`
  const end = `<!-- end of measured: ${name} -->`
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page lacks ${begin} or, after it, ${end}`)
  const body = [introduction, ...tables.map((table) => renderMarkdown(table).trim())].join('\n\n').trim()
  return `${page.slice(0, from + begin.length)}\n\n${body}\n\n${page.slice(to)}`
}
