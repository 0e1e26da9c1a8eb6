/** Which incident a finding belongs to, and what an incident adds up to. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  EVIDENCE_MAX,
  type Incident,
  type IncidentFinding,
  type Standing,
  addToIncident,
  createIncident,
  placeOf,
  severityOf,
} from '../../src/alert/incident.ts'
import { SEVERITIES, type Severity } from '../../src/severity.ts'
import type { EventTimeMs, IncidentId } from '../../src/event.ts'

const GAP_MS = 1000

/** An open incident from `firstMs` to `lastMs`. */
function open(firstMs: number, lastMs: number): Incident {
  return { ...createIncident('open' as IncidentId, 'misuse', firstMs), lastMs }
}

function evidence(findingId: string, bits: number, timeMs = 5000, detector = 'new-country'): IncidentFinding {
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
    severityMin: undefined,
    isGrave: false,
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
    sumBits: fc.integer({ min: 0, max: 4096 }).map((parts) => parts / 256),
    timeMs: fc.nat(10_000),
    detector: fc.constantFrom('new-country', 'new-address', 'error-burst'),
    severityMin: fc.constantFrom(undefined, undefined, ...SEVERITIES),
    isGrave: fc.boolean(),
  })
  const findings = fc.uniqueArray(finding, { selector: ({ id }) => id, minLength: 1, maxLength: 60, size: 'max' })
  type Drawn = typeof finding extends fc.Arbitrary<infer F> ? F : never

  function build(all: readonly Drawn[]): Incident {
    const incident = createIncident('incident' as IncidentId, 'misuse', all[0]?.timeMs ?? 0)
    for (const { id, bits, timeMs, detector, severityMin, isGrave, sumBits } of all)
      addToIncident(incident, { ...evidence(id, bits, timeMs, detector), severityMin, isGrave }, sumBits)
    return incident
  }

  test('stands at the highest sum, and is as grave as its gravest finding, in whichever order they came', () => {
    const orders = findings.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(orders, ([all, shuffled]) => {
        const incident = build(all)
        expect(incident.bits).toBe(Math.max(...all.map(({ sumBits }) => sumBits)))
        const ranks = all.map(({ severityMin }) => (severityMin === undefined ? -1 : SEVERITIES.indexOf(severityMin)))
        expect(incident.severityMin).toBe(SEVERITIES[Math.max(...ranks)])
        expect(incident.isGrave).toBe(all.some(({ isGrave }) => isGrave))
        expect(incident.firstMs).toBe(Math.min(...all.map(({ timeMs }) => timeMs)))
        expect(incident.lastMs).toBe(Math.max(...all.map(({ timeMs }) => timeMs)))
        const { latest, ...lasting } = build(shuffled)
        expect(latest?.findingId).toBe(shuffled.at(-1)?.id)
        expect(incident).toMatchObject(lasting)
      }),
    )
  })

  test('adds up the bits of each detector, exactly', () => {
    fc.assert(
      fc.property(findings, (all) => {
        for (const [detector, bits] of build(all).bitsByDetector) {
          const own = all.filter((one) => one.detector === detector)
          expect(bits).toBe(own.reduce((sum, one) => sum + one.bits * 256, 0) / 256)
        }
      }),
    )
  })

  test('remembers the strongest findings, ties by id', () => {
    fc.assert(
      fc.property(findings, (all) => {
        const strongest = [...all].sort((a, b) => b.bits - a.bits || (a.id < b.id ? -1 : 1)).slice(0, EVIDENCE_MAX)
        expect(build(all).evidence.map(({ findingId }) => findingId)).toEqual(strongest.map(({ id }) => id))
      }),
    )
  })

  test('keeps only what an alert shows of a finding', () => {
    const incident = createIncident('incident' as IncidentId, 'misuse', 0)
    addToIncident(incident, { ...evidence('a', 4), position: { offset: 7 } } as IncidentFinding, 4)
    for (const kept of [incident.evidence[0], incident.latest]) {
      expect(kept).not.toHaveProperty('position')
      expect(kept).not.toHaveProperty('isGrave')
    }
  })
})

describe('the severity at a threshold of 14 bits', () => {
  function standing(bits: number, change: Partial<Standing> = {}): Standing {
    return { concern: 'misuse', firstMs: 0, bits, severityMin: undefined, isGrave: false, ...change }
  }

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
    expect(severityOf(standing(bits), false, 14)).toBe(severity)
  })

  test.each<[string, Partial<Standing>, boolean, number, Severity | undefined]>([
    ['a grave deed raises it by a step', { isGrave: true }, false, 14, 'medium'],
    ['so does a powerful token', {}, true, 14, 'medium'],
    ['and both by two', { isGrave: true }, true, 14, 'high'],
    ['but never beyond critical', { isGrave: true }, true, 30, 'critical'],
    ['neither makes an alert of what is below the threshold', { isGrave: true }, true, 13.99, undefined],
    ['a fact that demands more gets it', { severityMin: 'high' }, false, 14, 'high'],
    ['without any bits', { severityMin: 'low' }, true, 0, 'low'],
    ['and takes nothing away', { severityMin: 'low' }, false, 30, 'critical'],
    ['governance is always told and never pages', { concern: 'governance', severityMin: 'critical' }, true, 99, 'low'],
    ['availability goes by its bits as misuse does', { concern: 'availability' }, false, 18, 'medium'],
  ])('%s', (_, change, isPowerful, bits, severity) => {
    expect(severityOf(standing(bits, change), isPowerful, 14)).toBe(severity)
  })
})
