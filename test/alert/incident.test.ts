/** Which incident a finding belongs to, and what an incident adds up to. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  EVIDENCE_MAX,
  type Incident,
  type IncidentEvidence,
  addToIncident,
  createIncident,
  placeOf,
  severityOf,
} from '../../src/alert/incident.ts'
import type { EventTimeMs, IncidentId } from '../../src/event.ts'

const GAP_MS = 1000

/** An open incident from `firstMs` to `lastMs`. */
function open(firstMs: number, lastMs: number): Incident {
  return { ...createIncident('open' as IncidentId, firstMs), lastMs }
}

function evidence(findingId: string, bits: number, timeMs = 5000, detector = 'new-country'): IncidentEvidence {
  return {
    findingId,
    detector,
    bits,
    timeMs: timeMs as EventTimeMs,
    seen: '',
    normal: '',
    eventId: findingId,
    ip: '',
    country: '',
    network: '',
  }
}

describe('a finding', () => {
  test.each([
    ['is the first: it opens an incident', undefined, 5000, 'open'],
    ['lies within the open one: it joins', open(4000, 6000), 5000, 'join'],
    ['comes after it by the gap: it joins', open(4000, 6000), 7000, 'join'],
    ['comes later than that: it opens another', open(4000, 6000), 7001, 'open'],
    ['is late, before it by the gap: it joins', open(4000, 6000), 3000, 'join'],
    ['is later still: it stands apart', open(4000, 6000), 2999, 'apart'],
  ] as const)('%s', (_, incident, timeMs, place) => {
    expect(placeOf(incident, timeMs, GAP_MS)).toBe(place)
  })
})

describe('an incident', () => {
  const finding = fc.record({
    id: fc.stringMatching(/^[0-9a-f]{6}$/),
    bits: fc.integer({ min: 0, max: 4096 }).map((parts) => parts / 256),
    timeMs: fc.nat(10_000),
    detector: fc.constantFrom('new-country', 'new-address', 'error-burst'),
  })
  const findings = fc.uniqueArray(finding, { selector: ({ id }) => id, minLength: 1, maxLength: 60, size: 'max' })

  function sumUp(all: readonly { id: string; bits: number; timeMs: number; detector: string }[]): Incident {
    const incident = createIncident('incident' as IncidentId, all[0]?.timeMs ?? 0)
    for (const { id, bits, timeMs, detector } of all) addToIncident(incident, evidence(id, bits, timeMs, detector))
    return incident
  }

  test('is the sum of its findings, exactly, in whichever order they came', () => {
    const orders = findings.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(orders, ([all, shuffled]) => {
        const incident = sumUp(all)
        expect(incident.bits).toBe(all.reduce((sum, { bits }) => sum + bits * 256, 0) / 256)
        expect([...incident.bitsByDetector.values()].reduce((sum, bits) => sum + bits, 0)).toBe(incident.bits)
        expect(incident.firstMs).toBe(Math.min(...all.map(({ timeMs }) => timeMs)))
        expect(incident.lastMs).toBe(Math.max(...all.map(({ timeMs }) => timeMs)))
        expect(sumUp(shuffled)).toEqual(incident)
      }),
    )
  })

  test('remembers the strongest findings, ties by id', () => {
    fc.assert(
      fc.property(findings, (all) => {
        const strongest = [...all].sort((a, b) => b.bits - a.bits || (a.id < b.id ? -1 : 1)).slice(0, EVIDENCE_MAX)
        expect(sumUp(all).evidence.map(({ findingId }) => findingId)).toEqual(strongest.map(({ id }) => id))
      }),
    )
  })

  test('keeps only what an alert shows of a finding', () => {
    const incident = createIncident('incident' as IncidentId, 0)
    addToIncident(incident, { ...evidence('a', 4), position: { offset: 7 } } as IncidentEvidence)
    expect(incident.evidence[0]).not.toHaveProperty('position')
  })
})

describe('the severity at a threshold of 14 bits', () => {
  test.each([
    [13.99, undefined],
    [14, 'low'],
    [17.99, 'low'],
    [18, 'medium'],
    [22, 'high'],
    [29.99, 'high'],
    [30, 'critical'],
    [1000, 'critical'],
  ] as const)('of %d bits is %s', (bits, severity) => {
    expect(severityOf(bits, 14)).toBe(severity)
  })
})
