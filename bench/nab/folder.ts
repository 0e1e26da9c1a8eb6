/** Series of the benchmark's form on disk, and the scores beside them. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createScorer } from './scorer.ts'

export interface Scored {
  readonly series: number
  readonly rows: number
}

/** Scores every `DIR/data/<group>/<file>.csv` (timestamp,value) into `out/<group>/<file>.csv` (timestamp,anomaly_score). */
export async function scoreFolder(folder: string, out: string): Promise<Scored> {
  const data = join(folder, 'data')
  const entries = await readdir(data, { recursive: true })
  const files = entries.filter((name) => name.endsWith('.csv')).toSorted()
  let rows = 0
  for (const name of files) {
    const lines = scoreLines(await readFile(join(data, name), 'utf8'), name)
    rows += lines.length - 1
    await mkdir(join(out, name, '..'), { recursive: true })
    await writeFile(join(out, name), `${lines.join('\n')}\n`)
  }
  return { series: files.length, rows }
}

/** Scores the text of one file. A row without a number teaches nothing and scores 0; one without a time is an error. */
export function scoreLines(text: string, name: string): string[] {
  const score = createScorer()
  const lines = ['timestamp,anomaly_score']
  for (const [at, line] of text.split(/\r?\n/u).entries()) {
    if (at === 0 || line === '') continue
    const [timestamp = '', field = ''] = line.split(',')
    const timeMs = parseTimeMs(timestamp)
    if (timeMs === undefined) throw new Error(`${name}, line ${at + 1}: no time in ${JSON.stringify(line)}`)
    const value = field.trim() === '' ? Number.NaN : Number(field)
    lines.push(`${timestamp},${Number.isFinite(value) ? Number(score({ timeMs, value }).toFixed(6)) : 0}`)
  }
  return lines
}

const TIME = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?/u

/** The benchmark's times name no zone; they are taken for UTC. */
function parseTimeMs(text: string): number | undefined {
  const parts = TIME.exec(text)
  if (parts === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0))
  return Date.UTC(year, month - 1, day, hour, minute, second)
}
