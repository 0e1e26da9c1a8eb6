/** The fold of one token: what an event may teach, which findings come of any history, and which ids they have. */
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { addEvidence, createEvidence } from '../src/alert/evidence.ts'
import { configSchema } from '../src/config/schema.ts'
import type { Finding } from '../src/detect/finding.ts'
import { NO_CONTEXT } from '../src/detect/detector.ts'
import { createDetectors, foldSettingsOf } from '../src/detection.ts'
import { hashId } from '../src/event.ts'
import { type TokenState, createFold, createTokenState } from '../src/fold.ts'
import { MASK } from '../src/profile/dimension.ts'
import { chainsOf } from '../src/profile/values.ts'
import { CURL, NOON_MS, SINGAPORE, call } from './profile/calls.ts'
import { anyContext, createSession, foldInto, history, smallSettings } from './profile/histories.ts'

// Many histories are folded, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const config = configSchema.parse({})
const SETTINGS = foldSettingsOf(config)
const fold = createFold(createDetectors(config), SETTINGS, NO_CONTEXT)

/** A token of an office in Berlin that made one call in each of so many hours, and its state after them. */
function office(hours: number): { readonly state: TokenState; readonly nextMs: number } {
  const state = createTokenState(call(0).tokenId, SETTINGS.profile)
  for (let hour = 0; hour < hours; hour++) fold(state, call(NOON_MS + hour * HOUR_MS))
  return { state, nextMs: NOON_MS + hours * HOUR_MS }
}

/** A thief with another program, in another country, at what the owner never needed. */
const THEFT = { ...SINGAPORE, ...CURL, route: '/v1/keys', method: 'POST' }

describe('what an event may teach', () => {
  const ALL = MASK.network | MASK.route | MASK.agent | MASK.place | MASK.counts | MASK.errors
  const REFUSED = (ALL & ~MASK.route) | MASK.refused_route
  test.each([
    ['a call that succeeds: everything', {}, ALL],
    ['a forbidden call: no route, but a refused one', { status: 403 }, REFUSED],
    ['a call of what is not there: likewise', { status: 404 }, REFUSED],
    ['a method that is not allowed: likewise', { status: 405 }, REFUSED],
    ['one too many: likewise', { status: 429 }, REFUSED],
    ['a server error: everything, it is not the caller’s', { status: 500 }, ALL],
    ['an unauthenticated call: error counts and nothing else', { status: 401 }, MASK.errors],
    [
      'a call without source, place, client and route: that it happened',
      { sourceClass: 'none', place: '', agent: '', route: '' },
      MASK.counts | MASK.errors,
    ],
  ] as const)('%s', (_, change, expected) => {
    const { state, nextMs } = office(1)
    const { event } = fold(state, call(nextMs, change))
    expect(event).toMatchObject({ learned: expected, held: 0 })
  })

  test('an unauthenticated call makes no history for a token that has none', () => {
    const state = createTokenState(call(0).tokenId, SETTINGS.profile)
    const folded = fold(state, call(NOON_MS, { status: 401 }))
    expect(folded.event).toMatchObject({ learned: 0, held: 0, fresh: 0 })
    expect(state).toEqual(createTokenState(call(0).tokenId, SETTINGS.profile))
  })

  test('an event without a token is passed on and teaches nobody', () => {
    const folded = fold(undefined, call(NOON_MS, { tokenId: '' }))
    expect(folded).toMatchObject({ event: { learned: 0, held: 0, surpriseBits: 0 }, findings: [], alerts: [] })
  })

  test.each([
    ['six months back it still counts', Date.UTC(2025, 6, 1), true],
    ['a month earlier it is ignored', Date.UTC(2025, 6, 1) - 1, false],
  ])('a late event: %s', (_, timeMs, isLearned) => {
    const { state } = office(1)
    const { event } = fold(state, call(timeMs, SINGAPORE))
    expect(event.learned !== 0).toBe(isLearned)
    expect(chainsOf(state.profile.learned.network).some((value) => value.startsWith('SG'))).toBe(isLearned)
  })

  test('what was last seen more than six months before is forgotten', () => {
    const { state } = office(1)
    fold(state, call(Date.UTC(2026, 5, 1), { agent: 'june' }))
    fold(state, call(Date.UTC(2026, 6, 31), { agent: 'july' }))
    expect(chainsOf(state.profile.learned.agent)).toEqual(['july|2.1', 'june|2.1', 'reporter|2.1'])
    fold(state, call(Date.UTC(2026, 7, 1), { agent: 'august' }))
    expect(chainsOf(state.profile.learned.agent)).toEqual(['august|2.1', 'july|2.1', 'june|2.1'])
  })
})

describe('the findings of any history', () => {
  const session = fc.tuple(history, smallSettings, anyContext).map(([events, settings, context]) => {
    const session = createSession()
    foldInto(session, events, settings, context)
    return { session, settings, events, context }
  })

  test('never repeat an id, are in whole 256ths of a bit, and stand at their event', () => {
    fc.assert(
      fc.property(session, ({ session: { events, findings }, settings }) => {
        expect(new Set(findings.map(({ findingId }) => findingId)).size).toBe(findings.length)
        for (const finding of findings) {
          expect(Number.isInteger(finding.bits * 256)).toBe(true)
          expect(finding.bits).toBeGreaterThanOrEqual(settings.findingBitsMin)
        }
        for (const event of events) {
          const own = findings.filter(({ eventId }) => eventId === event.eventId)
          expect([...event.reasons].sort()).toEqual(own.map(({ detector }) => detector).sort())
          expect(event.incidentId).toBe(own[0]?.incidentId ?? '')
          expect(event.learned & event.held).toBe(0)
          expect(event.fresh & ~(event.learned | event.held)).toBe(0)
          const ownBits = sumOf(own.filter((one) => one.concern === 'misuse' && one.detector !== 'impossible-travel'))
          expect(event.surpriseBits).toBeGreaterThanOrEqual(ownBits)
        }
      }),
      { numRuns: 80 },
    )
  })

  test('keep to an incident for each concern, and to one for each concern of an event', () => {
    fc.assert(
      fc.property(session, ({ session: { findings, states } }) => {
        for (const own of Map.groupBy(findings, ({ incidentId }) => incidentId).values()) {
          expect(new Set(own.map(({ concern, subject }) => `${concern} ${subject}`)).size).toBe(1)
        }
        for (const own of Map.groupBy(findings, ({ eventId, concern }) => `${concern} ${eventId}`).values()) {
          expect(new Set(own.map(({ incidentId }) => incidentId)).size).toBe(1)
        }
        for (const { incidents } of states.values()) {
          for (const [concern, incident] of Object.entries(incidents)) expect(incident.concern).toBe(concern)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('tell what the evidence came to, which can be told again from them alone', () => {
    fc.assert(
      fc.property(session, ({ session: { findings, states }, settings }) => {
        for (const [tokenId, { evidence = createEvidence() }] of states) {
          const again = createEvidence()
          const own = findings.filter(({ subject, concern }) => subject === tokenId && concern === 'misuse')
          for (const finding of own.filter(({ windowMs }) => windowMs > 0)) {
            expect(addEvidence(again, finding, settings.evidence)).toBe(finding.sumBits)
            expect([again.windowMs, again.carriedBits]).toEqual([finding.windowMs, finding.carriedBits])
          }
          expect(again).toEqual(evidence)
          for (const late of Map.groupBy(
            own.filter(({ windowMs }) => windowMs === 0),
            ({ eventId }) => eventId,
          ).values()) {
            const apart = createEvidence()
            for (const finding of late) expect(addEvidence(apart, finding, settings.evidence)).toBe(finding.sumBits)
          }
        }
      }),
      { numRuns: 80 },
    )
  })

  test('make an incident stand at the highest sum, as every alert states it', () => {
    fc.assert(
      fc.property(session, ({ session: { findings, alerts, states } }) => {
        for (const { incidents } of states.values()) {
          for (const incident of Object.values(incidents)) {
            const own = findings.filter(({ incidentId }) => incidentId === incident.id)
            expect(incident.bits).toBe(Math.max(...own.map(({ sumBits }) => sumBits)))
          }
        }
        for (const alert of alerts) {
          const own = findings.filter(({ incidentId }) => incidentId === alert.incidentId)
          const until = own.findLastIndex(({ eventId }) => eventId === alert.eventIds[0])
          const past = own.slice(0, until + 1)
          expect(alert.surpriseBits).toBe(Math.max(...past.map(({ sumBits }) => sumBits)))
          expect(alert.beganAtMs).toBe(Math.min(...past.map(({ timeMs }) => timeMs)))
        }
      }),
      { numRuns: 80 },
    )
  })

  test('join findings into incidents by gaps in event time', () => {
    fc.assert(
      fc.property(session, ({ session: { findings }, settings }) => {
        for (const own of Map.groupBy(findings, ({ incidentId }) => incidentId).values()) {
          const times = own.map(({ timeMs }) => timeMs).sort((a, b) => a - b)
          for (const [index, timeMs] of times.entries()) {
            if (index > 0) expect(timeMs - (times[index - 1] ?? 0)).toBeLessThanOrEqual(settings.profile.incidentGapMs)
          }
        }
      }),
      { numRuns: 80 },
    )
  })

  test('depend neither on the alert threshold nor on --min-bits', () => {
    fc.assert(
      fc.property(session, ({ session, settings, events, context }) => {
        const other = createSession()
        const others = { thresholdBits: () => 1000, minBits: settings.minBits === undefined ? 1 : undefined }
        foldInto(other, events, { ...settings, ...others }, context)
        expect(other.findings).toEqual(session.findings)
        expect(other.events).toEqual(session.events)
      }),
      { numRuns: 60 },
    )
  })

  test('are found once where a producer sends its events twice', () => {
    const redelivered = fc.tuple(history, fc.array(fc.tuple(fc.nat(500), fc.nat(40), fc.nat(80)), { maxLength: 8 }))
    fc.assert(
      fc.property(redelivered, smallSettings, ([events, again], settings) => {
        const inOrder = [...events].sort((a, b) => a.timeMs - b.timeMs)
        for (const [from, count, later] of again) {
          const at = from % inOrder.length
          inOrder.splice(at + count + later, 0, ...inOrder.slice(at, at + count))
        }
        const session = createSession()
        foldInto(session, inOrder, { ...settings, profile: { ...settings.profile, valuesMax: 100 } })
        const ids = session.findings.map(({ findingId }) => findingId)
        expect(new Set(ids).size).toBe(ids.length)
      }),
      { numRuns: 80 },
    )
  })
})

describe('ids', () => {
  test('are made of the token, the detector and the event, or the bucket and the step', () => {
    const { state, nextMs } = office(300)
    const theft = call(nextMs, THEFT)
    const [first] = fold(state, theft).findings
    expect(first).toMatchObject({
      findingId: hashId(theft.tokenId, 'new-country', theft.eventId),
      incidentId: hashId(theft.tokenId, theft.eventId),
    })
    const burst = Array.from({ length: 60 }, (_, index) => fold(state, call(nextMs + DAY_MS + index))).flatMap(
      ({ findings }) => findings,
    )
    const bucketMs = nextMs + DAY_MS - ((nextMs + DAY_MS) % HOUR_MS)
    expect(burst[0]).toMatchObject({
      bucketMs,
      findingId: hashId(theft.tokenId, 'frequency-spike', bucketMs, burst[0]?.step ?? 0),
      incidentId: hashId(theft.tokenId, bucketMs, burst[0]?.step ?? 0, 'frequency-spike'),
    })
  })

  test('of incidents differ where late bursts of one hour stand apart', () => {
    const { state, nextMs } = office(300)
    fold(state, call(nextMs, THEFT))
    const lateMs = nextMs - 48 * HOUR_MS
    const late = Array.from({ length: 100 }, (_, index) =>
      fold(state, call(lateMs + index * 1000, { status: 403 })),
    ).flatMap(({ findings }) => findings)
    expect(late.length).toBeGreaterThan(1)
    expect(new Set(late.map(({ incidentId }) => incidentId)).size).toBe(late.length)
  })
})

function sumOf(findings: readonly Pick<Finding, 'bits'>[]): number {
  return findings.reduce((sum, { bits }) => sum + bits, 0)
}
