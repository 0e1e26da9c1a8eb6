/** Recall and time to detect at given rates of false incidents. */
import { expect, test } from 'vitest'
import { attacksOf } from '../../bench/eval/attacks.ts'
import type { ScoredLine } from '../../bench/eval/incidents.ts'
import { createSweep, precisionOf, recallOf, type Run, timeToDetectMs } from '../../bench/eval/sweep.ts'
import { HOUR_MS } from '../../src/settings.ts'

const START_MS = Date.UTC(2026, 9, 20)

function line(subject: string, hours: number, bits: number): ScoredLine {
  return { subject, timeMs: START_MS + hours * HOUR_MS, bits, detectors: [], title: '', eventIds: [], ips: [] }
}

function run(tokenDays: number, attacked: readonly string[], lines: readonly ScoredLine[]): Run {
  const time = new Date(START_MS).toISOString()
  const attacks = attacksOf(attacked.map((token_id) => ({ attack: 'stolen', token_id, time })))
  return { seed: 1, tokenDays, attacks, lines }
}

/** Two attacks, at 20 and at 8 bits, between false incidents at 12, 10 and 6. */
const mixed = run(
  1_000,
  ['a', 'b', 'c'],
  [line('a', 1, 9), line('a', 2, 20), line('b', 1, 8), line('x', 0, 12), line('y', 0, 10.1), line('z', 0, 6)],
)

test('the threshold is the lowest that keeps to the rate', () => {
  const sweep = createSweep([mixed])
  expect(sweep.atRate(1)).toMatchObject({ threshold: 12, falseIncidents: 1, falsePer1000: 1 })
  expect(sweep.atRate(2)).toMatchObject({ threshold: 8, falseIncidents: 2, trueIncidents: 2 })
  expect(sweep.atRate(20)).toMatchObject({ threshold: 6, falseIncidents: 3 })
})

test('recall and precision at a rate', () => {
  const sweep = createSweep([mixed])
  expect(recallOf(sweep.atRate(1), sweep.attacks)).toBeCloseTo(1 / 3)
  expect(recallOf(sweep.atRate(2), sweep.attacks)).toBeCloseTo(2 / 3)
  expect(precisionOf(sweep.atRate(2))).toBe(0.5)
})

test('no threshold keeps to a rate that the strongest line breaks', () => {
  const sweep = createSweep([run(100, ['a'], [line('x', 0, 30), line('a', 0, 20)])])
  expect(sweep.atRate(5)).toMatchObject({ threshold: Infinity, falseIncidents: 0 })
  expect(recallOf(sweep.atRate(5), sweep.attacks)).toBe(0)
})

test('runs are swept together, each on its own tokens', () => {
  const other = run(1_000, ['x'], [line('x', 0, 12)])
  const sweep = createSweep([mixed, other])
  expect(sweep.atRate(0.5)).toMatchObject({ threshold: 12, falseIncidents: 1, trueIncidents: 2 })
})

test('time to detect counts from the first labelled event to the first line at the threshold', () => {
  const sweep = createSweep([mixed])
  const [a, , c] = sweep.attacks
  expect(a && timeToDetectMs(sweep, a, 8)).toBe(HOUR_MS)
  expect(a && timeToDetectMs(sweep, a, 12)).toBe(2 * HOUR_MS)
  expect(c && timeToDetectMs(sweep, c, 8)).toBeUndefined()
})
