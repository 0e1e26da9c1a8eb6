/** Which incidents and days a replay's thresholds rest on, and that a day's threshold is taken once. */
import { describe, expect, test } from 'vitest'
import { createMemoryBudget } from '../../src/alert/memory-budget.ts'
import type { Finding, FoldedEvent } from '../../src/detect/finding.ts'
import type { EventTimeMs, IncidentId } from '../../src/event.ts'
import { DAY_MS, HOUR_MS } from '../../src/settings.ts'
import { call } from '../profile/calls.ts'

const START_MS = Date.UTC(2026, 0, 1)
const SETTINGS = { budgetPerDay: 1, thresholdBits: 13 }

function eventAt(timeMs: number, learned = 127): FoldedEvent {
  const told = { sight: 4, home: '', firsts: 0, peerWindowMs: 0 }
  const found = { surpriseBits: 0, reasons: [], incidentId: '' as const, held: 0, fresh: 0, ...told }
  return { ...call(timeMs), ...found, learned }
}

let made = 0
function found(timeMs: number, sumBits: number, change: Partial<Finding> = {}): Finding {
  return {
    incidentId: `incident-${++made}` as IncidentId,
    concern: 'misuse',
    severityMin: undefined,
    sumBits,
    timeMs: timeMs as EventTimeMs,
    ...change,
  } as Finding
}

/** A budget that saw so many days from START_MS on, each with what `of` says. */
function after(days: number, of: (dayMs: number, day: number) => readonly Finding[], settings = SETTINGS) {
  const budget = createMemoryBudget(settings)
  for (let day = 0; day < days; day++) {
    const dayMs = START_MS + day * DAY_MS
    budget.learn(eventAt(dayMs), of(dayMs, day))
  }
  return budget
}

const NEXT_MS = START_MS + 28 * DAY_MS
const BUSY = (dayMs: number) => [found(dayMs, 8), found(dayMs, 8), found(dayMs, 11), found(dayMs, 11)]

describe('a threshold from the incidents so far', () => {
  test('is the fixed one until seven days had traffic, then that of the budget', () => {
    const budget = after(28, BUSY)
    expect(budget.thresholdBits(START_MS)).toBe(13)
    expect(budget.thresholdBits(START_MS + 6 * DAY_MS)).toBe(13)
    expect(budget.thresholdBits(NEXT_MS)).toBe(11.25)
  })

  test('looks back on four weeks before the day, never on the day itself or later ones', () => {
    const loud = (dayMs: number) => Array.from({ length: 4 }, () => found(dayMs, 12))
    expect(after(29, (ms, day) => (day === 28 ? loud(ms) : [])).thresholdBits(NEXT_MS)).toBe(8)
    const later = after(28, () => [])
    later.learn(eventAt(NEXT_MS), loud(NEXT_MS - HOUR_MS))
    expect(later.thresholdBits(NEXT_MS)).toBe(8)
    expect(after(36, (ms, day) => (day < 8 ? loud(ms) : [])).thresholdBits(START_MS + 36 * DAY_MS)).toBe(8)
    expect(after(28, loud).thresholdBits(NEXT_MS)).toBe(12.25)
  })

  test('is taken once: what is found later about those days changes nothing', () => {
    const budget = after(28, () => [])
    expect(budget.thresholdBits(NEXT_MS + HOUR_MS)).toBe(8)
    for (let day = 0; day < 28; day++) budget.learn(eventAt(START_MS + day * DAY_MS), BUSY(START_MS + day * DAY_MS))
    expect(budget.thresholdBits(NEXT_MS)).toBe(8)
    expect(budget.thresholdBits(NEXT_MS + DAY_MS)).toBe(11.25)
  })

  test('counts an incident once, with its highest sum, on the day of its first finding', () => {
    const growing = (dayMs: number) =>
      ['a', 'b'].flatMap((name) =>
        [8, 9, 9.25].map((bits, at) =>
          found(dayMs + at * 23 * HOUR_MS, bits, { incidentId: `${name}-${dayMs}` as IncidentId }),
        ),
      )
    expect(after(28, growing).thresholdBits(NEXT_MS)).toBe(9.5)
  })

  test.each<[string, Partial<Finding>]>([
    ['facts that alert by themselves', { severityMin: 'low' }],
    ['what concerns availability', { concern: 'availability' }],
    ['what concerns governance', { concern: 'governance' }],
  ])('leaves out %s', (_, change) => {
    const many = (dayMs: number) => Array.from({ length: 9 }, () => found(dayMs, 20, change))
    expect(after(28, many).thresholdBits(NEXT_MS)).toBe(8)
  })

  test('does not count days without a call that teaches', () => {
    const budget = createMemoryBudget(SETTINGS)
    for (let day = 0; day < 28; day++) budget.learn(eventAt(START_MS + day * DAY_MS, day % 5 === 0 ? 127 : 0), [])
    expect(budget.thresholdBits(NEXT_MS)).toBe(13)
  })
})
