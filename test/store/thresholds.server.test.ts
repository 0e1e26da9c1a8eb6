/** Thresholds from stored findings are those of a replay in memory, are taken once, and hold for whoever asks. */
import { beforeAll, describe, expect, test } from 'vitest'
import { CEILING_BITS, FLOOR_BITS, LEVELS, levelOf } from '../../src/alert/budget.ts'
import { createMemoryBudget } from '../../src/alert/memory-budget.ts'
import { createStoredThresholds } from '../../src/app/stored-thresholds.ts'
import type { Finding, FoldedEvent } from '../../src/detect/finding.ts'
import { type EventTimeMs, type FindingId, type IncidentId, roundBits } from '../../src/event.ts'
import { dayOf } from '../../src/profile/calendar.ts'
import { DAY_MS, HOUR_MS } from '../../src/settings.ts'
import { eventColumns, findingColumns } from '../../src/store/rows.ts'
import { latestThresholds, readThresholds, scoresBefore, takeDayThreshold } from '../../src/store/thresholds.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { sampleEvent, sampleFinding } from './sample.ts'

const db = await testDatabase('thresholds')
const SETTINGS = { budgetPerDay: 1, thresholdBits: 13 }
/** Over a month's end. */
const START_DAY = dayOf(Date.UTC(2026, 0, 12))
const DAYS = 40
const LAST_DAY = START_DAY + DAYS

/** Incidents of every sort, each of up to three findings, in a fixed order that looks like none. */
function story(): { events: FoldedEvent[]; findings: Finding[] } {
  let state = 1
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below
  const events: FoldedEvent[] = []
  const findings: Finding[] = []
  for (let day = 0; day < DAYS; day++) {
    // On Sundays nobody works; what comes is refused before anyone looks at it.
    const isQuiet = day % 7 === 6
    const dayMs = (START_DAY + day) * DAY_MS
    const timeMs = (dayMs + random(24) * HOUR_MS) as EventTimeMs
    events.push(sampleEvent(day, { timeMs, ...(isQuiet ? { learned: 0 } : {}) }))
    for (let incident = 0; incident < (isQuiet ? 0 : 6); incident++) {
      const kind = random(10)
      for (let at = 0; at <= random(3); at++) {
        findings.push(
          sampleFinding(findings.length, {
            incidentId: `${day}-${incident}` as IncidentId,
            findingId: `finding-${findings.length}` as FindingId,
            subjectKind: kind === 1 ? 'network' : 'token',
            concern: kind === 2 ? 'governance' : kind === 3 ? 'availability' : 'misuse',
            severityMin: kind === 4 && at === 1 ? 'high' : undefined,
            // As chance has it: half as many for every two bits.
            sumBits: roundBits(6 + 2 * Math.log2(1_000 / (1 + random(1_000)))),
            timeMs: (dayMs + random(20) * HOUR_MS + at * HOUR_MS) as EventTimeMs,
          }),
        )
      }
    }
  }
  return { events, findings }
}

const { events, findings } = story()

beforeAll(async () => {
  await db.insert('events', eventColumns(events, Date.UTC(2026, 3, 1), ''), events.length, 'events')
  await db.insert('findings', findingColumns(findings, Date.UTC(2026, 3, 1)), findings.length, 'findings')
})

/** What the budget of a replay comes to that has seen everything before a day. */
function inMemory(day: number): number {
  const budget = createMemoryBudget(SETTINGS)
  const nobody = sampleEvent(0, { learned: 0 })
  for (const event of events) if (dayOf(event.timeMs) < day) budget.learn(event, [])
  budget.learn(
    nobody,
    findings.filter(({ timeMs }) => dayOf(timeMs) < day),
  )
  return budget.thresholdBits(day * DAY_MS)
}

describe('a threshold from stored findings', () => {
  test('is that of a replay in memory, on every day', async () => {
    const bits: number[] = []
    for (let day = START_DAY; day <= LAST_DAY; day++) bits.push(await takeDayThreshold(db, SETTINGS, day))
    expect(bits).toEqual(bits.map((_, at) => inMemory(START_DAY + at)))
    // The budget decides on most of them: a table of equal numbers would prove little.
    expect(new Set(bits).size).toBeGreaterThan(5)
    expect(Math.min(...bits)).toBeGreaterThan(FLOOR_BITS)
    expect(Math.max(...bits)).toBeLessThan(CEILING_BITS)
  })

  test('says how it came about', async () => {
    const [latest, before] = await latestThresholds(db, SETTINGS, 2)
    expect(latest).toMatchObject({ day: LAST_DAY, bits: inMemory(LAST_DAY), days: 24, reason: 'budget' })
    expect(latest?.perDay).toHaveLength(LEVELS)
    expect(latest?.counted[levelOf(latest.bits)]).toBeLessThanOrEqual(SETTINGS.budgetPerDay)
    expect(before?.day).toBe(LAST_DAY - 1)
  })

  test('stays as it was taken, whatever is found later', async () => {
    const settings = { ...SETTINGS, budgetPerDay: 2 }
    const day = LAST_DAY + 40
    const bits = await takeDayThreshold(db, settings, day)
    expect(bits).toBe(13)
    const late = Array.from({ length: 10 }, (_, at) =>
      sampleEvent(1_000 + at, { timeMs: ((day - 1 - at) * DAY_MS) as EventTimeMs }),
    )
    await db.insert('events', eventColumns(late, Date.UTC(2026, 3, 2), ''), late.length, 'late')
    expect(await scoresBefore(db, day)).toHaveLength(10)
    expect(await takeDayThreshold(db, settings, day)).toBe(13)
    expect(await takeDayThreshold(db, { ...settings, budgetPerDay: 3 }, day)).toBeLessThan(13)
  })

  test('of two processes at once is one', async () => {
    const settings = { ...SETTINGS, budgetPerDay: 0.5 }
    const bits = await Promise.all([1, 2, 3].map(() => takeDayThreshold(db, settings, LAST_DAY)))
    expect(new Set(bits).size).toBe(1)
    expect(await latestThresholds(db, settings, 10)).toHaveLength(1)
  })

  test('leaves out what people called malicious, unless they took it back', async () => {
    const settings = { budgetPerDay: 0.3, thresholdBits: 13 }
    const before = await takeDayThreshold(db, settings, LAST_DAY)
    const loud = findings.filter(({ concern, sumBits }) => concern === 'misuse' && sumBits >= 12)
    const ids = [...new Set(loud.map(({ incidentId }) => incidentId))]
    const act = (action: string, atMs: number) =>
      db.command(
        `INSERT INTO incident_actions (action_id, incident_id, subject, action, actor, note, acted_at)
         SELECT concat(id, {action: String}), id, 'tok_a', {action: String}, 'kim', '', fromUnixTimestamp64Milli({at: Int64})
         FROM (SELECT arrayJoin({ids: Array(String)}) AS id)`,
        { ids, action, at: atMs },
      )
    await act('malicious', Date.UTC(2026, 3, 3))
    expect(await takeDayThreshold(db, { ...settings, thresholdBits: 13.5 }, LAST_DAY)).toBeLessThan(before)
    await act('benign', Date.UTC(2026, 3, 4))
    expect(await takeDayThreshold(db, { ...settings, thresholdBits: 13.25 }, LAST_DAY)).toBe(before)
  })
})

describe('a process', () => {
  test('knows the thresholds of the days that it prepared, and takes those that nobody has', async () => {
    const settings = { budgetPerDay: 4, thresholdBits: 15 }
    const taken = await takeDayThreshold(db, settings, LAST_DAY)
    let asked = 0
    const thresholds = createStoredThresholds(settings)
    const days = thresholds.daysOf(db, (ask) => {
      asked++
      return ask()
    })
    expect(thresholds.thresholdBits(LAST_DAY * DAY_MS)).toBe(15)
    expect(days.isReady(LAST_DAY)).toBe(false)
    await days.prepare(new Set([LAST_DAY, LAST_DAY - 1]))
    expect(days.isReady(LAST_DAY)).toBe(true)
    expect(asked).toBe(2)
    expect(thresholds.thresholdBits(LAST_DAY * DAY_MS + HOUR_MS)).toBe(taken)
    const stored = await readThresholds(db, settings, [LAST_DAY - 1])
    expect(stored.get(LAST_DAY - 1)).toBe(thresholds.thresholdBits((LAST_DAY - 1) * DAY_MS))
    await days.prepare(new Set([LAST_DAY]))
    expect(asked).toBe(2)
    // Another one asks for a later day only, and knows of an incident that began before.
    const other = createStoredThresholds(settings)
    await other.daysOf(db).prepare(new Set([LAST_DAY + 3]))
    expect(other.thresholdBits(LAST_DAY * DAY_MS)).toBe(taken)
  })
})
