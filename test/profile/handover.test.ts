/** What a rotation hands on, and that a profile which took it over is a cache like any other. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alertingSettings } from '../../src/alert/settings.ts'
import type { TokenId } from '../../src/event.ts'
import { createTokenState } from '../../src/fold.ts'
import { type Handover, handOver, takeOver } from '../../src/profile/handover.ts'
import type { TokenMarks } from '../../src/profile/marks.ts'
import { DAY_MS, HOUR_MS } from '../../src/settings.ts'
import { fillStates } from '../../src/store/profile-rows.ts'
import { NOON_MS, call } from './calls.ts'
import { anyContext, createSession, foldInto, history, smallSettings, told } from './histories.ts'
import { rowsOf } from './rollups.ts'

const MIDNIGHT_MS = NOON_MS - 12 * HOUR_MS
const SETTINGS = { valuesMax: 512, adoptAfterMs: 14 * DAY_MS, incidentGapMs: 6 * HOUR_MS }
const SUCCESSOR = 'tok_new' as TokenId

/** A profile that was taught these calls, with nothing in quarantine. */
function taught(calls: readonly ReturnType<typeof call>[], marks?: TokenMarks) {
  const events = calls.map((event) => ({ ...event, tokenId: 'tok_old' as TokenId }))
  const session = createSession()
  session.states.set('tok_old', createTokenState('tok_old' as TokenId, SETTINGS))
  foldInto(session, events, { ...FOLD, quarantineBits: Infinity })
  const { profile } = session.states.get('tok_old') as ReturnType<typeof createTokenState>
  profile.marks = marks
  return profile
}

const FOLD = {
  profile: SETTINGS,
  evidence: alertingSettings.parse({}).evidence,
  findingBitsMin: 3,
  quarantineBits: 10,
  thresholdBits: () => 14,
  database: 'tokenwatch',
}

const aCall = fc
  .record({
    hours: fc.integer({ min: -20 * 24, max: 7 * 24 }),
    address: fc.integer({ min: 1, max: 9 }),
    route: fc.integer({ min: 1, max: 5 }),
    status: fc.constantFrom(200, 200, 403, 429),
  })
  .map(({ hours, address, route, status }) =>
    call(MIDNIGHT_MS + hours * HOUR_MS, { address: `198.51.100.${address}`, route: `/v1/r${route}`, status }),
  )

describe('what is handed on', () => {
  test('is what came before, and no call from then on changes it', () => {
    fc.assert(
      fc.property(fc.array(aCall, { maxLength: 60 }), (calls) => {
        const before = calls.filter(({ timeMs }) => timeMs < MIDNIGHT_MS)
        const all = handOver(taught(calls.toSorted((a, b) => a.timeMs - b.timeMs)), MIDNIGHT_MS)
        expect(sorted(all)).toEqual(
          sorted(handOver(taught(before.toSorted((a, b) => a.timeMs - b.timeMs)), MIDNIGHT_MS)),
        )
        expect(all === undefined).toBe(before.length === 0)
      }),
    )
  })

  test('holds values by days, hours by the hour, and every count', () => {
    const day = MIDNIGHT_MS - DAY_MS
    const profile = taught([
      call(day - DAY_MS),
      call(day + HOUR_MS),
      call(day + HOUR_MS + 1, { status: 429 }),
      call(NOON_MS),
    ])
    const handover = handOver(profile, MIDNIGHT_MS) as Handover
    expect(handover.nowMs).toBe(MIDNIGHT_MS - 1)
    expect(handover.values.find(({ dimension }) => dimension === 'agent')).toMatchObject({
      value: 'reporter|2.1',
      enteredAtMs: day - DAY_MS,
      lastMs: MIDNIGHT_MS - 1,
    })
    expect(handover.hours.map(({ learned, limited, refused }) => [learned, limited, refused])).toEqual([
      [1, 0, 0],
      [2, 1, 0],
    ])
  })

  test('leaves out what people called malicious', () => {
    const marks: TokenMarks = {
      verdicts: new Map([['agent', new Map([['curl|8', 'malicious' as const]])]]),
      tombstones: [],
    }
    const calls = [call(MIDNIGHT_MS - 2), call(MIDNIGHT_MS - 1, { agent: 'curl', agentVersion: '8' })]
    const handover = handOver(taught(calls, marks), MIDNIGHT_MS) as Handover
    const agents = handover.values.filter(({ dimension }) => dimension === 'agent').map(({ value }) => value)
    expect(agents).toEqual(['reporter|2.1'])
  })

  test('is nothing where the predecessor was used only later, or never', () => {
    expect(handOver(taught([call(NOON_MS)]), MIDNIGHT_MS)).toBeUndefined()
    expect(handOver(createTokenState(SUCCESSOR, SETTINGS).profile, MIDNIGHT_MS)).toBeUndefined()
  })
})

test('a profile that took over is rebuilt as it was folded, whatever came and however late', () => {
  fc.assert(
    fc.property(history, history, smallSettings, anyContext, fc.nat(), (earlier, events, settings, context, at) => {
      const before = createSession()
      foldInto(before, earlier, settings, context)
      const [predecessor] = [...before.states.values()]
      const times = earlier.map(({ timeMs }) => timeMs)
      const beforeMs = Math.floor((times[at % times.length] as number) / DAY_MS) * DAY_MS
      const handover = predecessor && handOver(predecessor.profile, beforeMs)
      if (handover === undefined) return
      const own = events.map((event) => ({ ...event, tokenId: SUCCESSOR }))
      const live = createSession()
      const state = createTokenState(SUCCESSOR, settings.profile)
      takeOver(state.profile, throughJson(handover))
      live.states.set(SUCCESSOR, state)
      foldInto(live, own, settings, context)
      const rebuilt = createTokenState(SUCCESSOR, settings.profile)
      takeOver(rebuilt.profile, throughJson(handover))
      const states = new Map([[SUCCESSOR as string, rebuilt]])
      fillStates(states, rowsOf(live.events, live.findings))
      expect(told(states)).toEqual(told(live.states))
    }),
    { numRuns: 400 },
  )
}, 120_000)

function throughJson(handover: Handover): Handover {
  return JSON.parse(JSON.stringify(handover)) as Handover
}

/** Values come in the order in which they were met, which says nothing. */
function sorted(handover: Handover | undefined) {
  if (handover === undefined) return undefined
  const key = ({ dimension, value }: Handover['values'][number]) => `${dimension} ${value}`
  return {
    ...handover,
    values: handover.values.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)),
  }
}
