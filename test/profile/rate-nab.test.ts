/** The rate model on time series: scores that know nothing of what comes, and the command that writes them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { scoreFolder, scoreLines } from '../../bench/nab/folder.ts'
import { createRarity } from '../../bench/nab/rarity.ts'
import { createScorer } from '../../bench/nab/scorer.ts'

const START_MS = Date.UTC(2014, 3, 1)
const FIVE_MINUTES_MS = 300_000
const DAY = 288

/** Ten days of five minutes with a daily wave, the same unrest each time, and whatever `change` makes of it. */
function series(rows: number, change: (value: number, at: number) => number): number[] {
  return Array.from({ length: rows }, (_, at) =>
    change(100 + 40 * Math.sin((at / DAY) * 2 * Math.PI) + 6 * Math.sin(at * 12.9898) + 6 * Math.sin(at * 78.233), at),
  )
}

function scoresOf(values: readonly number[]): number[] {
  const score = createScorer()
  return values.map((value, at) => score({ timeMs: START_MS + at * FIVE_MINUTES_MS, value }))
}

function csvOf(values: readonly number[]): string {
  const rows = values.map((value, at) => {
    const time = new Date(START_MS + at * FIVE_MINUTES_MS).toISOString().slice(0, 19).replace('T', ' ')
    return `${time},${value}`
  })
  return ['timestamp,value', ...rows, ''].join('\n')
}

test('a row is scored by what came before it: whatever follows changes nothing', () => {
  const whole = series(10 * DAY, (value, at) => (at > 1500 && at < 1520 ? value * 4 : at > 2200 ? value + 300 : value))
  const scores = scoresOf(whole)
  for (const cut of [50, 100, 101, 1441, 1505, 2000, 2201]) {
    expect(scoresOf(whole.slice(0, cut))).toEqual(scores.slice(0, cut))
  }
  const otherEnd = [...whole.slice(0, 1510), ...series(500, (value) => -value * 1000)]
  expect(scoresOf(otherEnd).slice(0, 1510)).toEqual(scores.slice(0, 1510))
})

test('a jump, a fall and a burst are the rarest rows of a wave, each told once at its beginning', () => {
  const calm = Math.max(...scoresOf(series(10 * DAY, (value) => value)).slice(2 * DAY))
  const cases: readonly ((value: number, at: number) => number)[] = [
    (value, at) => (at >= 2000 ? value * 3 : value),
    (value, at) => (at >= 2000 ? 20 : value),
    (value, at) => (at >= 2000 && at < 2040 && at % 2 === 0 ? value + 400 : value),
  ]
  for (const change of cases) {
    const scores = scoresOf(series(2100, change))
    const told = scores.flatMap((score, at) => (score > calm + 0.2 ? [at] : []))
    expect(told[0]).toBe(2000)
    // A burst may be told again when it ends.
    expect(told.length).toBeLessThanOrEqual(2)
  }
})

test('scores are from 0 to 1 for series of any kind', () => {
  const kinds: readonly ((at: number) => number)[] = [
    () => 0,
    () => -45,
    (at) => (at % 97 === 0 ? 1e9 : 0),
    (at) => Math.sin(at * 12.9898) * 1e-6,
    (at) => (at < 500 ? 0 : at * 1e6),
    (at) => -1e12 * at,
  ]
  for (const kind of kinds) {
    for (const score of scoresOf(Array.from({ length: 1500 }, (_, at) => kind(at)))) {
      expect(score).toBeGreaterThanOrEqual(0)
      expect(score).toBeLessThanOrEqual(1)
    }
  }
})

test('a surprise is the rarer, the longer nothing like it was seen, and is told once', () => {
  const rarityOf = createRarity()
  expect(rarityOf(3, 100)).toBe(0)
  const first = rarityOf(20, 1000)
  expect(first).toBeGreaterThan(5)
  expect(rarityOf(21, 1003)).toBe(0)
  expect(rarityOf(20, 2000)).toBeLessThan(first)
  expect(rarityOf(60, 2100)).toBeGreaterThan(first)
  expect(rarityOf(5, 2500)).toBeLessThan(3)
})

test('the command scores each series of each group, row by row', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tokenwatch-nab-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const values = series(400, (value, at) => (at >= 300 && at < 310 ? value * 10 : value))
  await mkdir(join(folder, 'data', 'one'), { recursive: true })
  await mkdir(join(folder, 'data', 'two'), { recursive: true })
  await writeFile(join(folder, 'data', 'one', 'a.csv'), csvOf(values))
  await writeFile(join(folder, 'data', 'two', 'b.csv'), csvOf(values.slice(0, 30)))
  await writeFile(join(folder, 'data', 'two', 'notes.txt'), 'no series')

  const out = join(folder, 'out')
  expect(await scoreFolder(folder, out)).toEqual({ series: 2, rows: 430 })
  const [header, ...rows] = (await readFile(join(out, 'one', 'a.csv'), 'utf8')).trimEnd().split('\n')
  expect(header).toBe('timestamp,anomaly_score')
  expect(rows).toHaveLength(400)
  expect(rows[0]).toBe('2014-04-01 00:00:00,0')
  const scores = rows.map((row) => Number(row.split(',')[1]))
  expect(scores.indexOf(Math.max(...scores))).toBe(300)
  const short = (await readFile(join(out, 'two', 'b.csv'), 'utf8')).trimEnd().split('\n')
  expect(short.slice(1).every((row) => row.endsWith(',0'))).toBe(true)
})

test('a row without a number scores 0 and teaches nothing; one without a time is an error that says where', () => {
  expect(scoreLines('timestamp,value\n2014-04-01 7:05,\n2014-04-01 07:10:00.000000,nan\n', 'x.csv')).toEqual([
    'timestamp,anomaly_score',
    '2014-04-01 7:05,0',
    '2014-04-01 07:10:00.000000,0',
  ])
  expect(() => scoreLines('timestamp,value\nyesterday,5\n', 'x.csv')).toThrow('x.csv, line 2')
})
