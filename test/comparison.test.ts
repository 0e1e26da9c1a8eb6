/** What a configuration told in a time, and when incidents of two configurations are the same. */
import { describe, expect, test } from 'vitest'
import type { Alert } from '../src/alert/alert.ts'
import { openNewBlock } from '../src/block.ts'
import { type Tally, byDay, byDetector, countedIncidents, createTally, differenceOf } from '../src/comparison.ts'
import type { FoldedEvent, Finding } from '../src/detect/finding.ts'
import { dayOf } from '../src/profile/calendar.ts'
import { DAY_MS, HOUR_MS } from '../src/settings.ts'
import { NOON_MS, sampleAlert } from './store/sample.ts'

interface Content {
  readonly alerts?: readonly Partial<Alert>[]
  readonly eventsAt?: readonly number[]
  readonly findings?: readonly { readonly timeMs: number; readonly detector: string }[]
}

/** Only what a tally looks at. */
function take(tally: Tally, { alerts = [], eventsAt = [], findings = [] }: Content): void {
  const block = openNewBlock({ topic: 'access', partition: 0 }, 0, NOON_MS, 0)
  const position = { topic: 'access', partition: 0, offset: 0 }
  for (const change of alerts) block.alerts.push({ alert: sampleAlert('a', change), position })
  for (const timeMs of eventsAt) block.events.push({ timeMs } as FoldedEvent)
  for (const finding of findings) block.findings.push(finding as Finding)
  tally.take(block)
}

type Told = Partial<Alert> & { readonly hours: number; readonly by?: string }

/** An alert so many hours after noon. */
function told({ hours, by = 'new-country', ...change }: Told): Partial<Alert> {
  const timeMs = (NOON_MS + hours * HOUR_MS) as Alert['timeMs']
  return { timeMs, beganAtMs: timeMs, subject: 'tok_a', detectors: [{ name: by, bits: 14 }], ...change }
}

function id(text: string): Alert['incidentId'] {
  return text as Alert['incidentId']
}

describe('a tally', () => {
  test('counts incidents once, by day and by the detector that leads in the end; more messages are escalations', () => {
    const tally = createTally(0)
    take(tally, {
      eventsAt: [NOON_MS, NOON_MS + DAY_MS],
      findings: [{ timeMs: NOON_MS, detector: 'new-country' }],
      alerts: [
        told({ hours: 0, incidentId: id('one'), severity: 'low' }),
        told({ hours: 13, incidentId: id('one'), kind: 'escalated', severity: 'high', by: 'enumeration' }),
        told({ hours: 30, incidentId: id('two') }),
      ],
    })
    const incidents = countedIncidents(tally)
    expect(incidents.map(({ incidentId, severity }) => [incidentId, severity])).toEqual([
      ['one', 'high'],
      ['two', 'high'],
    ])
    const day = dayOf(NOON_MS)
    expect([...byDay(incidents)]).toEqual([
      [day, 1],
      [day + 1, 1],
    ])
    expect([...byDetector(incidents)]).toEqual([
      ['enumeration', 1],
      ['new-country', 1],
    ])
    expect(tally.days.get(day)).toEqual({ events: 1, escalations: 0 })
    expect(tally.days.get(day + 1)).toEqual({ events: 1, escalations: 1 })
    expect([...tally.findings]).toEqual([['new-country', 1]])
  })

  test('an incident that opens again is told anew', () => {
    const tally = createTally(0)
    const again = told({ hours: 5, incidentId: id('one'), reopening: 1 })
    take(tally, { alerts: [told({ hours: 0, incidentId: id('one'), reopening: 0 }), again] })
    expect(countedIncidents(tally)).toHaveLength(2)
  })

  test('what came before the time is not counted', () => {
    const tally = createTally(NOON_MS)
    take(tally, {
      eventsAt: [NOON_MS - 1, NOON_MS],
      findings: [{ timeMs: NOON_MS - 1, detector: 'new-country' }],
      alerts: [
        told({ hours: -1, incidentId: id('one') }),
        told({ hours: 1, incidentId: id('one'), kind: 'escalated' }),
      ],
    })
    expect(tally.eventsBefore).toBe(1)
    expect(tally.findings.size).toBe(0)
    expect(countedIncidents(tally)).toEqual([])
    expect(tally.days.get(dayOf(NOON_MS))).toEqual({ events: 1, escalations: 1 })
  })
})

describe('two configurations', () => {
  const GAP_MS = 6 * HOUR_MS
  const compare = (running: readonly Told[], candidate: readonly Told[], fromMs = 0) => {
    const [a, b] = [createTally(fromMs), createTally(fromMs)]
    take(a, { alerts: running.map((one, at) => told({ incidentId: id(`r${at}`), ...one })) })
    take(b, { alerts: candidate.map((one, at) => told({ incidentId: id(`c${at}`), ...one })) })
    const difference = differenceOf(a, b, GAP_MS)
    const ids = (incidents: typeof difference.added) => incidents.map(({ incidentId }) => incidentId)
    return { ...difference, added: ids(difference.added), removed: ids(difference.removed) }
  }

  test('tell of the same when subject, concern and time are, whatever they call it', () => {
    expect(compare([{ hours: 0 }], [{ hours: 5, by: 'enumeration' }])).toEqual({ added: [], removed: [], changed: [] })
  })

  test.each<[string, Told, Told]>([
    ['another token', { hours: 0 }, { hours: 0, subject: 'tok_b' }],
    ['another day', { hours: 0 }, { hours: 24 }],
    ['another concern', { hours: 0 }, { hours: 0, concern: 'governance' }],
  ])('%s is something else', (_, running, candidate) => {
    expect(compare([running], [candidate])).toMatchObject({ added: ['c0'], removed: ['r0'] })
  })

  test('what both tell of with another severity is neither added nor removed', () => {
    const { added, removed, changed } = compare([{ hours: 0, severity: 'low' }], [{ hours: 0, severity: 'critical' }])
    expect([added, removed]).toEqual([[], []])
    expect(changed).toMatchObject([{ running: { severity: 'low' }, candidate: { severity: 'critical' } }])
  })

  test('what one of them told before the time is recognised', () => {
    expect(compare([{ hours: -2 }], [{ hours: 1 }], NOON_MS)).toEqual({ added: [], removed: [], changed: [] })
  })
})
