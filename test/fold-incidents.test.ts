/** Which incidents, alerts and quarantine follow from findings, with detectors that find what a test tells them to. */
import { describe, expect, test } from 'vitest'
import { type Cause, type Concern, NO_CONTEXT, type Observation } from '../src/detect/detector.ts'
import type { AccessEvent, EventTimeMs, TokenId } from '../src/event.ts'
import {
  type EnabledDetector,
  type Fold,
  type FoldSettings,
  type Folded,
  type TokenState,
  createFold,
  createTokenState,
} from '../src/fold.ts'
import { MASK } from '../src/profile/dimension.ts'
import { type PeerSnapshot, NO_PEERS } from '../src/profile/peers.ts'
import { createRegistry } from '../src/registry/registered-token.ts'
import { NOON_MS, call } from './profile/calls.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Sums that can be done by hand: of each cause the loudest, each further cause 2 bits more, alerts from 10 bits on. */
const SETTINGS: FoldSettings = {
  profile: { valuesMax: 16, adoptAfterMs: 14 * DAY_MS, incidentGapMs: 6 * HOUR_MS },
  evidence: {
    coincidenceWindowMs: HOUR_MS,
    coincidenceBits: 2,
    driftBits: 0,
    driftFree: [],
    halfLifeMs: 24 * HOUR_MS,
    carriedBitsMax: 4,
  },
  findingBitsMin: 3,
  quarantineBits: 8,
  thresholdBits: () => 10,
  database: 'tokenwatch',
}

interface Told extends Partial<Observation> {
  readonly bits: number
}

/** A detector that finds in each event what `told` has for its name. */
function echo(name: string, cause: Cause, told: Map<AccessEvent, Record<string, Told>>, concern: Concern = 'misuse') {
  const detector: EnabledDetector = {
    name,
    cause,
    concern,
    inspect(event) {
      const seen = told.get(event)?.[name]
      return seen && { seen: `${name} of ${seen.bits} bits`, normal: 'nothing', numbers: {}, ...seen }
    },
  }
  return detector
}

/** A token at noon; `at` folds a call so many minutes later, in which the named detectors find so many bits. */
function stage(settings: Partial<FoldSettings> = {}, context = NO_CONTEXT) {
  const told = new Map<AccessEvent, Record<string, Told>>()
  const detectors = [
    echo('place', 'source', told),
    echo('program', 'client', told),
    echo('deed', 'action', told),
    echo('outage', 'volume', told, 'availability'),
    echo('hygiene', 'fact', told, 'governance'),
  ]
  const fold: Fold = createFold(detectors, { ...SETTINGS, ...settings }, context)
  const state: TokenState = createTokenState(call(0).tokenId, SETTINGS.profile)
  function at(minute: number, finds: Record<string, number | Told> = {}): Folded {
    const event = call(NOON_MS + minute * MINUTE_MS, { eventId: `${minute} ${told.size}` })
    const entries = Object.entries(finds).map(([name, seen]) => [
      name,
      typeof seen === 'number' ? { bits: seen } : seen,
    ])
    told.set(event, Object.fromEntries(entries) as Record<string, Told>)
    return fold(state, event)
  }
  return { state, at }
}

function alertsOf({ alerts }: Folded): unknown[] {
  return alerts.map(({ kind, severity, surpriseBits }) => `${kind} ${severity} at ${surpriseBits}`)
}

describe('the alerts of a stream', () => {
  test('come with the event whose evidence crosses the threshold, once, and again as the severity rises', () => {
    const { at } = stage()
    expect(alertsOf(at(0, { place: 6 }))).toEqual([])
    expect(alertsOf(at(1, { program: 5 }))).toEqual(['opened low at 13'])
    expect(alertsOf(at(2, { program: 4 }))).toEqual([])
    expect(alertsOf(at(3, { deed: 4 }))).toEqual(['escalated high at 19'])
    expect(alertsOf(at(4))).toEqual([])
  })

  test('are one where an event finds several things at once', () => {
    expect(alertsOf(stage().at(0, { place: 9, program: 8, deed: 7 }))).toEqual(['opened critical at 28'])
  })

  test('open anew with a new incident, which takes over a little of the last', () => {
    const { at } = stage()
    expect(alertsOf(at(0, { place: 17 }))).toEqual(['opened medium at 17'])
    expect(alertsOf(at(6 * 60 + 1, { place: 6 }))).toEqual(['opened low at 10'])
  })

  test('within an incident follow the highest sum: what decays is not told again', () => {
    const { at, state } = stage()
    at(0, { place: 17 })
    expect(alertsOf(at(300, { place: 17 }))).toEqual(['escalated high at 21'])
    expect(alertsOf(at(600, { place: 7 }))).toEqual([])
    expect(state.evidence?.bits).toBe(4 + 7)
    expect(state.incidents.misuse?.bits).toBe(4 + 17)
  })

  test('come without bits where a fact demands it, and weigh more for a powerful token', () => {
    const powerful = { ...TOKEN, expiresAtMs: 0 as EventTimeMs }
    const registered = { ...NO_CONTEXT, registry: createRegistry([powerful]) }
    expect(alertsOf(stage().at(0, { place: { bits: 3, severityMin: 'high' } }))).toEqual(['opened high at 3'])
    expect(alertsOf(stage().at(0, { place: 10 }))).toEqual(['opened low at 10'])
    expect(alertsOf(stage().at(0, { place: { bits: 10, isGrave: true } }))).toEqual(['opened medium at 10'])
    expect(alertsOf(stage({}, registered).at(0, { place: 10 }))).toEqual(['opened medium at 10'])
  })

  test('name the token as the registry does', () => {
    const context = {
      ...NO_CONTEXT,
      registry: createRegistry([{ ...TOKEN, name: 'nightly export', tenant: 'globex' }]),
    }
    const { findings, alerts } = stage({}, context).at(0, { place: 20 })
    expect(findings[0]).toMatchObject({ tokenName: 'nightly export', tenant: 'globex' })
    expect(alerts[0]).toMatchObject({ tokenName: 'nightly export', tenant: 'globex' })
  })
})

const TOKEN = {
  tokenId: call(0).tokenId,
  name: '',
  owner: 'kim',
  tenant: '',
  service: '',
  scopes: [],
  environment: '',
  createdAtMs: 0 as EventTimeMs,
  expiresAtMs: NOON_MS as EventTimeMs,
  revokedAtMs: 0 as EventTimeMs,
  compromisedAtMs: 0 as EventTimeMs,
  rotatedFrom: '' as TokenId | '',
}

describe('each concern', () => {
  test('has incidents of its own, with alerts of their own', () => {
    const { at, state } = stage()
    const { findings, alerts } = at(0, { place: 10, outage: 14, hygiene: 4 })
    expect(findings.map(({ detector, sumBits }) => [detector, sumBits])).toEqual([
      ['place', 10],
      ['outage', 14],
      ['hygiene', 4],
    ])
    expect(new Set(findings.map(({ incidentId }) => incidentId)).size).toBe(3)
    expect(alerts.map(({ incidentId, severity }) => [incidentId, severity])).toEqual([
      [state.incidents.misuse?.id, 'low'],
      [state.incidents.availability?.id, 'medium'],
      [state.incidents.governance?.id, 'low'],
    ])
  })

  test('but misuse adds up plainly, without drift, causes or windows, and is no evidence of misuse', () => {
    const { at, state } = stage()
    at(0, { outage: 4 })
    const { findings } = at(1, { outage: 4 })
    expect(findings[0]).toMatchObject({ sumBits: 8, windowMs: 0, carriedBits: 0 })
    expect(state.evidence).toBe(undefined)
  })

  test('what is noted for review is worth its loudest note, however many there are', () => {
    const { at } = stage()
    at(0, { hygiene: 4 })
    expect(at(1, { hygiene: 5 }).findings[0]).toMatchObject({ sumBits: 5 })
    expect(at(2, { hygiene: 4 }).findings[0]).toMatchObject({ sumBits: 5 })
  })

  test('goes on by its own findings', () => {
    const { at } = stage()
    const [outage] = at(0, { outage: 4 }).findings
    at(5 * 60, { place: 4 })
    expect(at(6 * 60, { outage: 4 }).findings[0]?.incidentId).toBe(outage?.incidentId)
    expect(at(12 * 60 + 1, { outage: 4 }).findings[0]?.incidentId).not.toBe(outage?.incidentId)
  })

  test('of others neither holds an event back nor keeps what is held from being adopted', () => {
    const { at, state } = stage()
    const { event } = at(0, { outage: 40, hygiene: 40 })
    expect(event.held).toBe(0)
    expect(event.learned & MASK.network).toBe(MASK.network)
    expect(state.profile.lastFindingMs).toBe(0)
    at(1, { place: 4 })
    expect(state.profile.lastFindingMs).toBe(NOON_MS + MINUTE_MS)
  })

  test('of others adds nothing to the surprise of the event', () => {
    expect(stage().at(0, { outage: 4, place: 5 }).event.surpriseBits).toBe(5)
  })
})

describe('what comes too late for the open incident', () => {
  test('stands for itself: it is no part of the sum, carries no window and leaves the open incident open', () => {
    const { at, state } = stage()
    at(0, {})
    at(24 * 60, { place: 6 })
    const before = structuredClone(state.evidence)
    const { findings } = at(60, { program: 6, deed: 5 })
    expect(findings.map(({ sumBits, windowMs, carriedBits }) => [sumBits, windowMs, carriedBits])).toEqual([
      [6, 0, 0],
      [13, 0, 0],
    ])
    expect(state.evidence).toEqual(before)
    expect(state.incidents.misuse).toMatchObject({ bits: 6, firstMs: NOON_MS + DAY_MS })
  })

  test('is held back by what it comes to by itself', () => {
    const { at } = stage()
    at(0, {})
    at(24 * 60, { place: 30 })
    expect(at(60, { program: 7 }).event.held).toBe(0)
    expect(at(120, { program: 8 }).event.held).not.toBe(0)
  })
})

describe('quarantine', () => {
  test('takes an event at quarantineBits of evidence, and not below', () => {
    expect(stage().at(0, { place: 7.5 }).event.held).toBe(0)
    expect(stage().at(0, { place: 8 }).event).toMatchObject({ learned: MASK.errors })
  })

  test('takes what lies within reach of an incident that stands that high, findings or not', () => {
    const { at } = stage()
    at(0, { place: 4 })
    at(60, { place: 20 })
    const isHeld = (minute: number) => at(minute).event.held !== 0
    expect([-6 * 60 - 1, -6 * 60, 61, 7 * 60, 7 * 60 + 1].map(isHeld)).toEqual([false, true, true, true, false])
  })
})

describe('what the token learned for the first time', () => {
  const DE: PeerSnapshot = { ...NO_PEERS, id: 'peers', reachOf: () => 'anyone' }

  test('is told for its peers, once, with the topmost new level, and places left out', () => {
    const { at } = stage({}, { ...NO_CONTEXT, peers: DE })
    expect(at(0).firsts.map(({ dimension, level, reach }) => [dimension, level, reach])).toEqual([
      ['network', 0, 'anyone'],
      ['route', 0, 'anyone'],
      ['agent', 0, 'anyone'],
    ])
    expect(at(1).firsts).toEqual([])
  })

  test('is not what is in quarantine', () => {
    expect(stage().at(0, { place: 20 }).firsts).toEqual([])
  })
})
