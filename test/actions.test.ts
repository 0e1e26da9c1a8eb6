/** What it means to call an incident benign or malicious, to resolve it, and to make a token forget. */
import { describe, expect, test } from 'vitest'
import { type Actions, type IncidentAction, type TokenTombstone, createActions } from '../src/alert/actions.ts'
import { configSchema } from '../src/config/schema.ts'
import { NO_CONTEXT } from '../src/detect/detector.ts'
import { createDetectors, foldSettingsOf } from '../src/detection.ts'
import type { AccessEvent, IncidentId, TokenId } from '../src/event.ts'
import { type Folded, type TokenState, createFold, createTokenState } from '../src/fold.ts'
import { activeDays } from '../src/profile/activity.ts'
import { MASK } from '../src/profile/dimension.ts'
import { chainsOf } from '../src/profile/values.ts'
import { DAY_MS, HOUR_MS } from '../src/settings.ts'
import { CURL, type Change, NOON_MS, SINGAPORE, call } from './profile/calls.ts'

const config = configSchema.parse({
  learning: { adoptAfterMs: 14 * DAY_MS, quarantineBits: 10 },
  alerting: { incidentGapMs: 6 * HOUR_MS, thresholdBits: 13, budgetPerDay: 'off' },
})
const SETTINGS = foldSettingsOf(config)
const detectors = createDetectors(config)
const TRIP = { ...SINGAPORE, ...CURL, route: '/v1/keys', method: 'POST' }
const TRIP_VALUES = [
  { dimension: 'network', value: 'SG|AS14061|128.199.10.0/24|128.199.10.7' },
  { dimension: 'route', value: 'reports|/v1/keys|POST' },
  { dimension: 'agent', value: 'curl|8.5' },
  { dimension: 'place', value: 'SG||Singapore|1.3,103.9' },
] as const

/** An office in Berlin with 300 hours of history, and what people do as its calls go on. */
function stage() {
  const tokenId = call(0).tokenId
  const state = createTokenState(tokenId, SETTINGS.profile)
  const taken: IncidentAction[] = []
  const tombstones: TokenTombstone[] = []
  let done = 0
  let actions: Actions = createActions([], [])
  const nextMs = NOON_MS + 300 * HOUR_MS
  const fold = (event: AccessEvent): Folded => createFold(detectors, SETTINGS, NO_CONTEXT, actions)(state, event)
  for (let hour = 0; hour < 300; hour++) fold(call(NOON_MS + hour * HOUR_MS))
  return {
    state,
    /** A call so many hours after the history. */
    at: (hours: number, change: Change = {}) => fold(call(nextMs + hours * HOUR_MS, change)),
    act: (action: IncidentAction['action'], { findings }: Folded, values: IncidentAction['values'] = TRIP_VALUES) => {
      const { incidentId, subject } = findings[0] as { incidentId: IncidentId; subject: string }
      taken.push({ incidentId, subject, action, values, atMs: done++ })
      actions = createActions(taken, tombstones)
    },
    forget: (hours: number, dimension: TokenTombstone['dimension'] = '', prefix = '') => {
      tombstones.push({ tokenId, dimension, prefix, beforeMs: nextMs + hours * HOUR_MS, atMs: done++ })
      actions = createActions(taken, tombstones)
    },
  }
}

const detectorsOf = ({ findings }: Folded) => findings.map(({ detector }) => detector)
const alertsOf = ({ alerts }: Folded) => alerts.map(({ kind, reopening }) => `${kind} ${reopening}`)
const countriesOf = ({ profile }: TokenState) => [
  ...new Set(chainsOf(profile.learned.network).map((value) => value.slice(0, 2))),
]
const idsOf = ({ findings }: Folded) => new Set(findings.map(({ incidentId }) => incidentId))

describe('benign', () => {
  test('takes the values out of quarantine: the next call finds nothing and teaches them', () => {
    const { at, act, state } = stage()
    const trip = at(0, TRIP)
    expect(alertsOf(trip)).toEqual(['opened 0'])
    act('benign', trip)
    const next = at(1, TRIP)
    expect(next.findings).toEqual([])
    expect(next.event).toMatchObject({ held: 0, surpriseBits: 0 })
    expect(next.event.learned & MASK.network).toBe(MASK.network)
    expect(countriesOf(state)).toEqual(['DE', 'SG'])
  })

  test('knows the network of a value as well, and judges another address by itself', () => {
    const { at, act } = stage()
    act('benign', at(0, TRIP))
    const { event, findings } = at(1, { ...TRIP, address: '128.199.10.9', ip: '128.199.10.9' })
    expect(findings.map(({ detector }) => detector)).not.toContain('new-country')
    expect(event.held).toBe(0)
  })

  test('closes the incident: what is found next opens another one, with a sum of its own', () => {
    const { at, act } = stage()
    const trip = at(0, TRIP)
    act('benign', trip)
    const theft = at(1, { ...TRIP, country: 'BR', network: 'AS28573', agent: 'wget', agentVersion: '1.2' })
    expect(idsOf(theft)).not.toEqual(idsOf(trip))
    expect(theft.findings[0]).toMatchObject({ carriedBits: 0, windowMs: theft.event.timeMs })
    expect(theft.findings.at(-1)?.sumBits).toBeLessThan(trip.findings.at(-1)?.sumBits as number)
  })

  test('lets a late finding of that time stand for itself', () => {
    const { at, act, state } = stage()
    const trip = at(0, TRIP)
    act('benign', trip)
    const late = at(-1, { ...TRIP, country: 'BR', network: 'AS28573' })
    expect(late.findings.length).toBeGreaterThan(0)
    expect(idsOf(late)).not.toEqual(idsOf(trip))
    expect(state.incidents.misuse?.id).toBe(trip.findings[0]?.incidentId)
  })

  test('lets what the owner does meanwhile be learned again at once', () => {
    const { at, act } = stage()
    const trip = at(0, TRIP)
    expect(at(1, { agentVersion: '2.2' }).event.learned).toBe(MASK.errors)
    act('benign', trip)
    expect(at(2).event.learned & MASK.counts).toBe(MASK.counts)
  })

  test('speaks of the values that it names and of no others', () => {
    const { at, act } = stage()
    act('benign', at(0, TRIP), TRIP_VALUES.slice(0, 1))
    const next = at(24, TRIP)
    expect(detectorsOf(next)).not.toContain('new-country')
    expect(detectorsOf(next)).toContain('new-user-agent')
  })
})

describe('malicious', () => {
  test('is never adopted, and found in full on each day, for longer than a value is remembered', () => {
    const { at, act, state } = stage()
    const first = at(0, TRIP)
    act('malicious', first)
    const bitsOf = ({ findings }: Folded) => findings.find(({ detector }) => detector === 'new-country')?.bits ?? 0
    for (const day of [1, 2, 15, 30, 60, 90]) {
      for (let hour = 0; hour < 3; hour++) at(day * 24 - 12 + hour)
      const again = at(day * 24, TRIP)
      expect(bitsOf(again)).toBeGreaterThan(bitsOf(first) - 1)
      expect(again.findings.find(({ detector }) => detector === 'new-country')?.cause).toBe('source')
      expect(again.event.held & MASK.network).toBe(MASK.network)
      expect(detectorsOf(at(day * 24 + 1, TRIP))).not.toContain('new-country')
    }
    expect(countriesOf(state)).toEqual(['DE'])
  })

  test('goes for neighbours of the value as far as the chain is shared', () => {
    const { at, act, state } = stage()
    act('malicious', at(0, TRIP))
    for (let day = 1; day < 40; day++)
      at(day * 24, { ...TRIP, prefix: '128.199.77.0/24', address: `128.199.77.${day}` })
    expect(countriesOf(state)).toEqual(['DE'])
  })

  test('leaves the owner alone', () => {
    const { at, act } = stage()
    act('malicious', at(0, TRIP))
    for (let hour = 7; hour < 60; hour++) expect(at(hour).findings).toEqual([])
  })

  test('takes back what was called benign and learned since', () => {
    const { at, act } = stage()
    const trip = at(0, TRIP)
    act('benign', trip)
    at(1, TRIP)
    act('malicious', trip)
    const again = at(30, TRIP)
    expect(detectorsOf(again)).toContain('new-country')
    expect(again.event.held & MASK.network).toBe(MASK.network)
  })
})

describe('resolve and acknowledge', () => {
  test('a finding after a resolve opens the incident again, once for each resolve', () => {
    const { at, act } = stage()
    const first = at(0, TRIP)
    act('resolve', first)
    const second = at(1, { ...TRIP, country: 'BR', network: 'AS28573' })
    expect(idsOf(second)).toEqual(idsOf(first))
    expect(alertsOf(second)).toEqual(['opened 1'])
    expect(second.alerts[0]?.alertId).not.toBe(first.alerts[0]?.alertId)
    expect(alertsOf(at(2, { ...TRIP, country: 'AR', network: 'AS1' }))).toEqual([])
    act('resolve', first)
    expect(alertsOf(at(3, { ...TRIP, country: 'CL', network: 'AS2' }))).toEqual(['opened 2'])
  })

  test('to acknowledge changes nothing', () => {
    const [told, silent] = [stage(), stage()]
    told.act('acknowledge', told.at(0, TRIP))
    silent.at(0, TRIP)
    const next = { ...TRIP, country: 'BR', network: 'AS28573' }
    expect(told.at(1, next)).toEqual(silent.at(1, next))
  })
})

describe('forget', () => {
  test('a value is as if never seen, once the token is used after that time', () => {
    const { at, forget, state } = stage()
    forget(4, 'network', 'DE|AS3320')
    expect(at(1).findings).toEqual([])
    expect(countriesOf(state)).toEqual(['DE'])
    const after = at(4)
    expect(after.event.fresh & MASK.network).toBe(MASK.network)
    expect(chainsOf(state.profile.learned.network).length).toBe(1)
    expect(chainsOf(state.profile.learned.agent)).toEqual(['reporter|2.1'])
  })

  test('levels are compared as a whole: AS332 is not AS3320', () => {
    const { at, forget } = stage()
    forget(4, 'network', 'DE|AS332')
    expect(at(4).event.fresh & MASK.network).toBe(0)
  })

  test('a late call from before that time does not bring back what was forgotten', () => {
    const { at, forget, state } = stage()
    forget(4, 'agent', '')
    at(5, { agent: '', agentVersion: '' })
    expect(at(3).event).toMatchObject({ learned: 0, held: 0 })
    expect(chainsOf(state.profile.learned.agent)).toEqual([])
    expect(at(3.5, { agent: '', agentVersion: '' }).event.learned & MASK.counts).toBe(MASK.counts)
  })

  test('what was called benign begins anew as well', () => {
    const { at, act, forget } = stage()
    act('benign', at(0, TRIP))
    at(1, TRIP)
    forget(4, 'network', 'SG')
    const again = at(30, TRIP)
    expect(detectorsOf(again)).toContain('new-country')
    expect(again.event.fresh & MASK.network).toBe(MASK.network)
  })

  test('a whole token begins anew: no history, no surprise', () => {
    const { at, forget, state } = stage()
    forget(4)
    const first = at(4, TRIP)
    expect(detectorsOf(first)).not.toContain('new-country')
    expect(first.event.held).toBe(0)
    expect(countriesOf(state)).toEqual(['SG'])
    expect(activeDays(state.profile.activity)).toHaveLength(1)
    expect(at(2).event.learned).toBe(0)
  })

  test('other tokens keep what they know', () => {
    const forgets = createActions(
      [],
      [{ tokenId: 'tok_other' as TokenId, dimension: '', prefix: '', beforeMs: 1, atMs: 1 }],
    )
    expect(forgets.marksOf(call(0).tokenId)).toBeUndefined()
  })
})
