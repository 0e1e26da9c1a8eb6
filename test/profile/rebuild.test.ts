/** A profile is a cache: rebuilt from what is stored, it is the one that was folded live, and goes on alike. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alertingSettings } from '../../src/alert/settings.ts'
import type { FoldSettings } from '../../src/fold.ts'
import { NOON_MS, call } from './calls.ts'
import { anyContext, createSession, foldInto, history, rebuild, smallSettings, told } from './histories.ts'

const DEFAULTS: FoldSettings = {
  profile: { valuesMax: 512, adoptAfterMs: 14 * 86_400_000, incidentGapMs: 6 * 3_600_000 },
  evidence: alertingSettings.parse({}).evidence,
  findingBitsMin: 3,
  quarantineBits: 10,
  thresholdBits: () => 14,
  database: 'tokenwatch',
}

describe('a profile rebuilt from the rollups', () => {
  test('is equal to the one folded live, whatever came and however late', () => {
    fc.assert(
      fc.property(history, smallSettings, anyContext, (events, settings, context) => {
        const live = createSession()
        foldInto(live, events, settings, context)
        expect(told(rebuild(live, settings))).toEqual(told(live.states))
      }),
      { numRuns: 400 },
    )
  }, 60_000)

  test('goes on with the same findings and alerts, wherever the events are cut into sessions', () => {
    const cuts = fc.array(fc.nat(400), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(history, smallSettings, anyContext, cuts, (events, settings, context, cuts) => {
        const live = createSession()
        foldInto(live, events, settings, context)
        const cut = createSession()
        const ends = [...new Set(cuts.map((at) => at % events.length)), events.length].sort((a, b) => a - b)
        for (const [index, end] of ends.entries()) {
          foldInto(cut, events.slice(ends[index - 1] ?? 0, end), settings, context)
          cut.states = rebuild(cut, settings)
        }
        expect(cut.alerts).toEqual(live.alerts)
        expect(cut.findings).toEqual(live.findings)
        expect(cut.events).toEqual(live.events)
      }),
      { numRuns: 400 },
    )
  }, 60_000)

  test('is not touched by what other tokens do', () => {
    fc.assert(
      fc.property(history, smallSettings, anyContext, (events, settings, context) => {
        const together = createSession()
        foldInto(together, events, settings, context)
        const alone = createSession()
        for (const [, own] of Map.groupBy(events, (event) => event.tokenId)) foldInto(alone, own, settings, context)
        expect(told(alone.states)).toEqual(told(together.states))
        const inOrder = (findings: typeof alone.findings) => findings.map(({ findingId }) => findingId).sort()
        expect(inOrder(alone.findings)).toEqual(inOrder(together.findings))
      }),
      { numRuns: 100 },
    )
  }, 60_000)

  test('measures an hour by what late events made of the hours before it, at once', () => {
    const settings = { ...DEFAULTS, findingBitsMin: 1 }
    const hourMs = 3_600_000
    const id = () => ({ eventId: `event-${count++}` })
    let count = 0
    const habit = Array.from({ length: 40 }, (_, hour) => call(NOON_MS + hour * hourMs, id()))
    const nowMs = NOON_MS + 40 * hourMs
    const begun = Array.from({ length: 2 }, (_, index) => call(nowMs + index, id()))
    const late = habit.flatMap(({ timeMs }) => Array.from({ length: 9 }, (_, index) => call(timeMs + index + 1, id())))
    const more = Array.from({ length: 12 }, (_, index) => call(nowMs + 10 + index, id()))
    const live = createSession()
    foldInto(live, [...habit, ...begun, ...late, ...more], settings)
    const cut = createSession()
    foldInto(cut, [...habit, ...begun, ...late], settings)
    cut.states = rebuild(cut, settings)
    foldInto(cut, more, settings)
    expect(live.findings.filter(({ timeMs }) => timeMs >= nowMs + 10)).toEqual([])
    expect(live.findings).toEqual(cut.findings)
  })
})
