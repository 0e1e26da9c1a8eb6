/** Poison resistance: what a thief does is not learned, what the owner does is, and a move is known in the end. */
import { describe, expect, test } from 'vitest'
import { configSchema } from '../src/config/schema.ts'
import { NO_CONTEXT } from '../src/detect/detector.ts'
import type { Finding } from '../src/detect/finding.ts'
import { createDetectors, foldSettingsOf } from '../src/detection.ts'
import { type Folded, type TokenState, createFold, createTokenState } from '../src/fold.ts'
import { DIMENSIONS, MASK } from '../src/profile/dimension.ts'
import { chainsOf } from '../src/profile/values.ts'
import { CURL, type Change, NOON_MS, SINGAPORE, call } from './profile/calls.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** What a week can do must not depend on which numbers are the defaults today: days and gaps are stated here. */
const config = configSchema.parse({
  learning: { adoptAfterMs: 14 * DAY_MS, quarantineBits: 10 },
  alerting: { incidentGapMs: 6 * HOUR_MS },
})
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

function detectorsOf({ findings }: Folded): string[] {
  return findings.map(({ detector }) => detector)
}

function knownTo(state: TokenState): Record<string, string[]> {
  return Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, chainsOf(state.profile.learned[dimension])]))
}

function knownCountries(state: TokenState): string[] {
  return [...new Set(chainsOf(state.profile.learned.network).map((value) => value.slice(0, 2)))]
}

function sumOf(findings: readonly Pick<Finding, 'bits'>[]): number {
  return findings.reduce((sum, { bits }) => sum + bits, 0)
}

describe('quarantine', () => {
  test('takes the whole event once its incident stands at quarantineBits, this event included', () => {
    const { state, nextMs } = office(300)
    const { event, findings } = fold(state, call(nextMs, THEFT))
    expect(findings.at(-1)?.sumBits).toBeGreaterThan(10)
    expect(event.learned).toBe(MASK.errors)
    expect(event.held).toBe(MASK.network | MASK.route | MASK.agent | MASK.place | MASK.counts)
    expect(knownCountries(state)).toEqual(['DE'])
  })

  test('lets a small surprise be learned at once', () => {
    const { state, nextMs } = office(300)
    const { event, findings } = fold(state, call(nextMs, { agentVersion: '2.2' }))
    expect(sumOf(findings)).toBeLessThan(10)
    expect(event.held).toBe(0)
    expect(chainsOf(state.profile.learned.agent)).toContain('reporter|2.2')
  })

  test('tells a thief who changes countries within the hour once, as it would have told the owner', () => {
    const { state, nextMs } = office(300)
    expect(detectorsOf(fold(state, call(nextMs, THEFT)))).toContain('new-country')
    const brazil = { ...THEFT, country: 'BR', place: 'BR|SP|São Paulo|-23.5,-46.6' }
    expect(detectorsOf(fold(state, call(nextMs + 60_000, brazil)))).not.toContain('new-country')
    expect(detectorsOf(fold(state, call(nextMs + HOUR_MS, { ...brazil, country: 'AR' })))).toContain('new-country')
  })

  test('loses nothing that the owner is known for, and is over for the owner once findings stop', () => {
    const { state, nextMs } = office(300)
    const before = knownTo(state)
    fold(state, call(nextMs, THEFT))
    expect(fold(state, call(nextMs + HOUR_MS)).event).toMatchObject({ learned: MASK.errors, reasons: [] })
    expect(knownTo(state)).toEqual(before)
    const after = fold(state, call(nextMs + 6 * HOUR_MS + 1)).event
    expect(after.held).toBe(0)
    expect(after.learned & MASK.counts).toBe(MASK.counts)
  })

  test('ends by adoption, adoptAfterMs after the value came and incidentGapMs after the last finding', () => {
    const { state, nextMs } = office(300)
    fold(state, call(nextMs, THEFT))
    const adoptedMs = nextMs + 14 * DAY_MS
    expect(fold(state, call(adoptedMs - 1, THEFT)).findings.length).toBeGreaterThan(0)
    const stillHeld = fold(state, call(adoptedMs + HOUR_MS, THEFT))
    expect(stillHeld.event.held & MASK.network).toBe(MASK.network)
    expect(detectorsOf(stillHeld)).toContain('new-country')
    const adopted = fold(state, call(adoptedMs + 7 * HOUR_MS + 1, THEFT))
    expect(detectorsOf(adopted)).toEqual([])
    expect(adopted.event).toMatchObject({ held: 0, surpriseBits: 0 })
    expect(knownCountries(state)).toEqual(['DE', 'SG'])
  })

  test('a move that went on unchallenged is the habit afterwards', () => {
    const { state, nextMs } = office(300)
    fold(state, call(nextMs, THEFT))
    const told: string[] = []
    for (let day = 15; day < 60; day++) {
      const { findings } = fold(state, call(nextMs + day * DAY_MS, THEFT))
      told.push(...findings.map(({ detector }) => detector))
    }
    // The two weeks without a call are told once.
    expect(told).toEqual(['dormant-token'])
  })
})

describe('a week of a thief beside the owner', () => {
  const HOURS = 7 * 24

  test.each<[string, (hour: number) => Change | undefined]>([
    ['who calls once a day', (hour) => (hour % 24 === 5 ? THEFT : undefined)],
    ['who calls every hour', () => THEFT],
    [
      'who takes up more and more habits',
      (hour) => ({ ...THEFT, route: `/v1/keys/${hour % 9}`, address: `128.199.10.${hour % 50}` }),
    ],
    ['who calls what the owner calls', () => ({ ...SINGAPORE, ...CURL })],
    ['who comes from other networks every day', (hour) => ({ ...THEFT, network: `AS${Math.floor(hour / 24)}` })],
  ])('%s: nothing is adopted, findings go on every day, and the owner is left in peace', (_, thief) => {
    const { state, nextMs } = office(400)
    const before = knownTo(state)
    const daysFound = new Set<number>()
    const alerts: string[] = []
    for (let hour = 0; hour < HOURS; hour++) {
      const owner = fold(state, call(nextMs + hour * HOUR_MS))
      expect(owner.findings).toEqual([])
      const change = thief(hour)
      if (change === undefined) continue
      const stolen = fold(state, call(nextMs + hour * HOUR_MS + 60_000, change))
      expect(stolen.event.learned & ~MASK.errors).toBe(0)
      expect(stolen.event.held & MASK.network).toBe(MASK.network)
      if (stolen.findings.length > 0) daysFound.add(Math.floor(hour / 24))
      alerts.push(...stolen.alerts.map(({ kind }) => kind))
    }
    expect(knownTo(state)).toEqual(before)
    expect([...daysFound]).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(alerts[0]).toBe('opened')
  })

  test('does not keep what the owner does for the first time out for good', () => {
    const { state, nextMs } = office(400)
    for (let day = 0; day < 7; day++) fold(state, call(nextMs + day * DAY_MS, THEFT))
    const renewed = fold(state, call(nextMs + 6 * DAY_MS + 7 * HOUR_MS, { agentVersion: '3.0' }))
    expect(renewed.event.learned & MASK.agent).toBe(MASK.agent)
    expect(knownCountries(state)).toEqual(['DE'])
  })
})
