/** When an incident becomes an alert, under which id, and what the alert says. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Alert } from '../../src/alert/alert.ts'
import {
  type Incident,
  type IncidentFinding,
  type Standing,
  addToIncident,
  createIncident,
  severityOf,
} from '../../src/alert/incident.ts'
import { markBits, raiseAlert } from '../../src/alert/raise.ts'
import { type EventTimeMs, type IncidentId, hashId } from '../../src/event.ts'

const BEGAN_MS = Date.UTC(2026, 2, 1, 12)
const SUBJECT = {
  kind: 'token',
  id: 'tok_a',
  column: 'token_id',
  isPowerful: false,
  tokenName: 'report writer',
  tenant: 'acme',
} as const
const ID = 'incident-1' as IncidentId

function finding(index: number, bits: number, change: Partial<IncidentFinding> = {}): IncidentFinding {
  return {
    findingId: `finding-${index}`,
    detector: 'new-country',
    bits,
    timeMs: (BEGAN_MS + index * 60_000) as EventTimeMs,
    seen: `seen ${index}`,
    normal: 'normal',
    eventId: `event-${index}`,
    ip: `192.0.2.${index}`,
    country: 'SG',
    network: 'AS14061 DIGITALOCEAN-ASN',
    severityMin: undefined,
    isGrave: false,
    ...change,
  }
}

function standingOf({ concern, firstMs, bits, severityMin, isGrave }: Incident): Standing {
  return { concern, firstMs, bits, severityMin, isGrave }
}

/** Adds findings one event at a time, each with as many bits as the sum grows by, and what each step gives. */
function play(steps: readonly number[], thresholdBits: number, minBits?: number): (Alert | undefined)[] {
  const incident = createIncident(ID, 'misuse', BEGAN_MS)
  return steps.map((bits, index) => {
    const before = index === 0 ? undefined : standingOf(incident)
    const seen = finding(index, bits)
    addToIncident(incident, seen, incident.bits + bits)
    const settings = { thresholdBits: () => thresholdBits, database: 'tokenwatch' }
    return minBits === undefined
      ? raiseAlert(incident, before, seen.timeMs, SUBJECT, settings)
      : markBits(incident, before, seen.timeMs, SUBJECT, settings, minBits)
  })
}

const steps = fc.array(
  fc.integer({ min: 1, max: 3000 }).map((parts) => parts / 256),
  { minLength: 1, maxLength: 40 },
)
const threshold = fc.constantFrom(1, 10, 13.5, 14)

describe('the alerts of an incident', () => {
  test.each([
    ['below the threshold it is silent', [6, 6], []],
    ['at the threshold it opens', [6, 8], [['opened', 'low', 14]]],
    ['further findings of the same severity add nothing', [14, 1, 1, 1], [['opened', 'low', 14]]],
    [
      '4 bits above it is medium',
      [14, 4],
      [
        ['opened', 'low', 14],
        ['escalated', 'medium', 18],
      ],
    ],
    [
      '8 bits above high, 16 bits critical',
      [18, 4, 8],
      [
        ['opened', 'medium', 18],
        ['escalated', 'high', 22],
        ['escalated', 'critical', 30],
      ],
    ],
    [
      'one step may skip severities',
      [14, 40, 40],
      [
        ['opened', 'low', 14],
        ['escalated', 'critical', 54],
      ],
    ],
    ['and open with the highest', [40], [['opened', 'critical', 40]]],
  ])('%s', (_, steps, expected) => {
    const told = play(steps, 14).flatMap((alert) => (alert ? [[alert.kind, alert.severity, alert.surpriseBits]] : []))
    expect(told).toEqual(expected)
  })

  test('are one opening at the crossing and one escalation for each rise, under ids that say so', () => {
    fc.assert(
      fc.property(steps, threshold, (steps, thresholdBits) => {
        const alerts = play(steps, thresholdBits)
        let sum = 0
        let before: string | undefined
        for (const [index, bits] of steps.entries()) {
          sum += bits
          const standing = standingOf({ ...createIncident(ID, 'misuse', BEGAN_MS), bits: sum })
          const severity = severityOf(standing, false, thresholdBits)
          const alert = alerts[index]
          expect(alert === undefined).toBe(severity === before)
          if (alert === undefined || severity === undefined) continue
          const kind = before === undefined ? 'opened' : 'escalated'
          expect(alert).toMatchObject({ kind, severity, surpriseBits: sum, timeMs: BEGAN_MS + index * 60_000 })
          expect(alert.alertId).toBe(hashId(ID, kind, severity, 0))
          before = severity
        }
        const ids = alerts.flatMap((alert) => (alert ? [alert.alertId] : []))
        expect(new Set(ids).size).toBe(ids.length)
      }),
    )
  })
})

describe('what raises an alert beside the bits', () => {
  const settings = { thresholdBits: () => 14, database: 'tokenwatch' }

  /** The alert of one more finding for an incident at so many bits. */
  function next(bits: number, change: Partial<IncidentFinding>, concern: Incident['concern'] = 'misuse') {
    const incident = createIncident(ID, concern, BEGAN_MS)
    addToIncident(incident, finding(0, bits), bits)
    const before = standingOf(incident)
    addToIncident(incident, finding(1, 1, change), bits)
    return raiseAlert(incident, before, finding(1, 1).timeMs, SUBJECT, settings)
  }

  test.each([
    ['a fact opens one that was too small', 5, { severityMin: 'critical' }, ['opened', 'critical']],
    ['a fact escalates one that was told', 14, { severityMin: 'high' }, ['escalated', 'high']],
    ['a grave deed escalates one that was told', 14, { isGrave: true }, ['escalated', 'medium']],
    ['and opens none', 5, { isGrave: true }, undefined],
    ['a fact that demands less than what was told adds nothing', 30, { severityMin: 'low' }, undefined],
  ] as const)('%s', (_, bits, change, expected) => {
    const alert = next(bits, change)
    expect(alert && [alert.kind, alert.severity]).toEqual(expected)
  })

  test('the first finding of a governance incident, once, whatever follows', () => {
    const incident = createIncident(ID, 'governance', BEGAN_MS)
    addToIncident(incident, finding(0, 4), 4)
    const opened = raiseAlert(incident, undefined, finding(0, 4).timeMs, SUBJECT, settings)
    expect(opened).toMatchObject({ kind: 'opened', severity: 'low', surpriseBits: 4 })
    expect(next(100, { severityMin: 'critical' }, 'governance')).toBeUndefined()
  })

  test('a powerful token: the same bits weigh a step more', () => {
    const incident = createIncident(ID, 'misuse', BEGAN_MS)
    addToIncident(incident, finding(0, 14), 14)
    const powerful = { ...SUBJECT, isPowerful: true }
    expect(raiseAlert(incident, undefined, finding(0, 14).timeMs, powerful, settings)?.severity).toBe('medium')
  })
})

describe('a threshold that changes from day to day', () => {
  const NOON_AFTER_MS = BEGAN_MS + 24 * 3_600_000

  test.each([
    ['falls', 14, 10],
    ['rises', 10, 14],
  ])('%s: an incident keeps the one that it began with', (_, first, then) => {
    const settings = { thresholdBits: (ms: number) => (ms < NOON_AFTER_MS ? first : then), database: '' }
    const incident = createIncident(ID, 'misuse', BEGAN_MS)
    addToIncident(incident, finding(0, 12), 12)
    const opened = raiseAlert(incident, undefined, finding(0, 12).timeMs, SUBJECT, settings)
    expect(opened !== undefined).toBe(first <= 12)
    const before = standingOf(incident)
    const next = finding(36 * 60, 1)
    addToIncident(incident, next, 13)
    expect(raiseAlert(incident, before, next.timeMs, SUBJECT, settings)).toBeUndefined()
  })
})

describe('replay --min-bits', () => {
  test.each([
    ['a line for each whole bit that is passed', [10, 1, 1], [10, 11, 12]],
    ['none below N', [3, 3, 3.5], []],
    ['one line where several bits are passed at once', [10, 7.5], [10, 17.5]],
    ['none for part of a bit', [10.5, 0.25], [10.5]],
    ['from a fractional N on, also within a bit', [10, 0.5, 0.25], [10.5], 10.25],
  ])('%s', (_, steps, expected, minBits = 10) => {
    const lines = play(steps, 14, minBits).flatMap((line) => (line ? [line.surpriseBits] : []))
    expect(lines).toEqual(expected)
  })

  test('whatever the threshold T from N on: the first line at or above T is of the event that crossed T', () => {
    const bits = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(steps, bits, bits, threshold, (steps, minBits, more, thresholdBits) => {
        const lines = play(steps, thresholdBits, minBits)
        const wholeThreshold = minBits + more
        let sum = 0
        const crossing = steps.findIndex((step) => (sum += step) >= wholeThreshold)
        const first = lines.find((line) => line !== undefined && line.surpriseBits >= wholeThreshold)
        expect(first?.timeMs).toBe(crossing < 0 ? undefined : BEGAN_MS + crossing * 60_000)
      }),
    )
  })

  test('gives each whole bit at most one line, under an id that the threshold plays no part in', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (steps, minBits) => {
        const lines = play(steps, 14, minBits).flatMap((line) => (line ? [line] : []))
        const floors = lines.map(({ surpriseBits }) => Math.floor(surpriseBits))
        expect(new Set(floors).size).toBe(floors.length)
        expect(lines.map(({ kind }) => kind).every((kind) => kind === 'bits')).toBe(true)
        expect(lines.map(({ alertId }) => alertId)).toEqual(floors.map((floor) => hashId(ID, 'bits', floor)))
        const other = play(steps, 3, minBits).flatMap((line) => (line ? [line.alertId] : []))
        expect(other).toEqual(lines.map(({ alertId }) => alertId))
      }),
    )
  })
})

describe('what an alert says', () => {
  function alertOf(findings: readonly IncidentFinding[]): Alert {
    const incident = createIncident(ID, 'misuse', findings[0]?.timeMs ?? 0)
    for (const one of findings) addToIncident(incident, one, incident.bits + one.bits)
    const settings = { thresholdBits: () => 1, database: 'tokenwatch' }
    return raiseAlert(incident, undefined, findings.at(-1)?.timeMs ?? (0 as EventTimeMs), SUBJECT, settings) as Alert
  }

  test('names the token and what surprised most', () => {
    const alert = alertOf([finding(0, 4), finding(1, 9, { seen: 'First call from Singapore' })])
    expect(alert).toMatchObject({ title: 'report writer: First call from Singapore', tenant: 'acme', subject: 'tok_a' })
    expect(alert.beganAtMs).toBe(BEGAN_MS)
    expect(alert.timeMs).toBe(BEGAN_MS + 60_000)
  })

  test('lists detectors, evidence, sources and events with the strongest first', () => {
    const alert = alertOf([
      finding(0, 4, { detector: 'new-endpoint' }),
      finding(1, 9),
      finding(2, 7, { detector: 'new-endpoint', ip: '192.0.2.1', eventId: 'event-1' }),
    ])
    expect(alert.detectors).toEqual([
      { name: 'new-endpoint', bits: 11 },
      { name: 'new-country', bits: 9 },
    ])
    expect(alert.evidence.map(({ bits }) => bits)).toEqual([9, 7, 4])
    expect(alert.sources.map(({ ip }) => ip)).toEqual(['192.0.2.1', '192.0.2.0'])
    expect(alert.eventIds).toEqual(['event-1', 'event-0'])
  })

  test('names first the event that raised it, though twenty stronger findings came before', () => {
    const many = Array.from({ length: 25 }, (_, index) => finding(index, 30 - index))
    const alert = alertOf(many)
    expect(alert.eventIds).toEqual(['event-24', 'event-0', 'event-1', 'event-2', 'event-3'])
    expect(alert.evidence.map(({ eventId }) => eventId)).toHaveLength(21)
    expect(alert.evidence.at(-1)?.eventId).toBe('event-24')
  })

  test('holds at most five events and five sources, none of them empty', () => {
    const many = Array.from({ length: 12 }, (_, index) => finding(index, 12 - index, index === 0 ? { ip: '' } : {}))
    const alert = alertOf(many)
    expect(alert.eventIds).toEqual(['event-11', 'event-0', 'event-1', 'event-2', 'event-3'])
    expect(alert.sources.map(({ ip }) => ip)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'])
  })

  test('carries a query whose time bounds hold the whole incident', () => {
    const { evidenceQuery } = alertOf([finding(0, 4), finding(90, 9)])
    expect(evidenceQuery).toContain("'2026-03-01 11:00:00.000'")
    expect(evidenceQuery).toContain("'2026-03-01 14:30:00.000'")
    expect(evidenceQuery).toContain("token_id = 'tok_a'")
  })
})
