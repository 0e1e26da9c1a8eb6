/** What is normal for a token's calls an hour and for its share of refused ones, fitted to its own four weeks. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hourCounts } from '../../src/profile/activity.ts'
import { errorBits, fitErrors } from '../../src/profile/errors.ts'
import { fitFrequency, frequencyBits } from '../../src/profile/frequency.ts'
import { type TokenProfile, createProfile } from '../../src/profile/profile.ts'
import { call } from './calls.ts'

const HOUR_MS = 3_600_000
/** A Monday, 00:00. */
const MONDAY = 1_767_571_200_000 / HOUR_MS
const WEEK = 7 * 24

interface Hour {
  readonly hour: number
  readonly learned?: number
  readonly held?: number
  readonly refused?: number
}

function profileOf(hours: readonly Hour[]): TokenProfile {
  const settings = { valuesMax: 512, adoptAfterMs: 14 * 24 * HOUR_MS, incidentGapMs: 6 * HOUR_MS }
  const profile = createProfile(call(0).tokenId, settings)
  for (const { hour, ...counts } of hours) Object.assign(hourCounts(profile.activity, hour), counts)
  return profile
}

function every(count: number, of: (hour: number) => Omit<Hour, 'hour'>): Hour[] {
  return Array.from({ length: count }, (_, index) => ({ hour: MONDAY + index, ...of(index) }))
}

describe('the calls that an hour is expected to have', () => {
  test('are unknown for a token without hours before it', () => {
    expect(fitFrequency(profileOf([]), MONDAY)).toBeUndefined()
    expect(fitFrequency(profileOf([{ hour: MONDAY, learned: 5 }]), MONDAY)).toBeUndefined()
    expect(fitFrequency(profileOf([{ hour: MONDAY, held: 5 }]), MONDAY + 1)).toBeUndefined()
  })

  test('are the mean of an even token, however many calls an hour that is', () => {
    const fit = fitFrequency(profileOf(every(WEEK, () => ({ learned: 40 }))), MONDAY + WEEK)
    expect(fit).toMatchObject({ hours: WEEK, mean: 40, median: 40, p98: 40 })
  })

  test('follow the time of the day', () => {
    const office = every(2 * WEEK, (hour) => ({ learned: hour % 24 >= 9 && hour % 24 < 17 ? 100 : 2 }))
    const at = (hour: number) => fitFrequency(profileOf(office), MONDAY + 2 * WEEK + hour)
    expect(at(12)?.mean).toBeGreaterThan(95)
    expect(at(3)?.mean).toBeLessThan(40)
  })

  test('are not raised by one spike of the past', () => {
    const quiet = every(WEEK, () => ({ learned: 10 }))
    const spiked = quiet.map((hour, index) => (index === 50 ? { ...hour, learned: 5000 } : hour))
    const bits = (hours: readonly Hour[]) => {
      const fit = fitFrequency(profileOf(hours), MONDAY + WEEK)
      return fit === undefined ? 0 : frequencyBits(fit, 200)
    }
    expect(bits(spiked)).toBeGreaterThan(bits(quiet) - 1)
  })

  test('rest on four weeks and no more', () => {
    const fit = fitFrequency(profileOf(every(6 * WEEK, () => ({ learned: 1 }))), MONDAY + 6 * WEEK)
    expect(fit?.hours).toBe(4 * WEEK)
  })

  test('leave calls in quarantine out until they are old enough to be adopted', () => {
    const hours = every(WEEK, (hour) => ({ learned: 10, held: hour % 2 === 0 ? 90 : 0 }))
    expect(fitFrequency(profileOf(hours), MONDAY + WEEK + 24)?.mean).toBe(10)
    expect(fitFrequency(profileOf(hours), MONDAY + 3 * WEEK)?.mean).toBeGreaterThan(50)
  })

  test('a token that has come to do more is found for adoptAfterMs, not for as long as it is remembered', () => {
    const grown = every(4 * WEEK, (hour) => (hour < 2 * WEEK ? { learned: 10 } : { learned: 30, held: 170 }))
    const bitsAt = (hour: number) => {
      const fit = fitFrequency(profileOf(grown.slice(0, hour)), MONDAY + hour)
      return fit === undefined ? 0 : frequencyBits(fit, 200)
    }
    expect(bitsAt(3 * WEEK)).toBeGreaterThan(8)
    expect(bitsAt(4 * WEEK + 24)).toBeLessThan(8)
  })

  test('bound what a short history may claim: twice the rank among its hours', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(counts, fc.integer({ min: 0, max: 1_000_000 }), (counts, calls) => {
        const hours = counts.map((learned, index) => ({ hour: MONDAY + index, learned }))
        const fit = fitFrequency(profileOf(hours), MONDAY + counts.length)
        const bits = fit === undefined ? 0 : frequencyBits(fit, calls)
        expect(bits).toBeGreaterThanOrEqual(0)
        expect(bits).toBeLessThanOrEqual(2 * Math.log2(counts.length + 1))
      }),
    )
  })
})

describe('the share of refused calls that is expected', () => {
  const shareOf = ({ alpha, beta }: { readonly alpha: number; readonly beta: number }) => alpha / (alpha + beta)

  test('is 5 % of a token without history, and hardly anything is known of it', () => {
    const fit = fitErrors(profileOf([]), MONDAY)
    expect(shareOf(fit)).toBeCloseTo(0.05, 9)
    expect(fit.alpha + fit.beta).toBeLessThan(2)
  })

  test('nears the share of the token’s own calls', () => {
    const fit = fitErrors(profileOf(every(WEEK, () => ({ learned: 20, refused: 6 }))), MONDAY + WEEK)
    expect(shareOf(fit)).toBeCloseTo(0.3, 1)
    expect(fit).toMatchObject({ hours: WEEK, calls: 20 * WEEK, refused: 6 * WEEK })
  })

  test('is taken of rate-limited calls apart', () => {
    const profile = profileOf(every(WEEK, () => ({ learned: 20, refused: 2, limited: 6 })))
    const limited = fitErrors(profile, MONDAY + WEEK, (counts) => counts.limited)
    expect(fitErrors(profile, MONDAY + WEEK).refused).toBe(2 * WEEK)
    expect(limited.refused).toBe(6 * WEEK)
    expect(errorBits(limited, 30, 100)).toBeLessThan(2)
    expect(errorBits(limited, 90, 100)).toBeGreaterThan(8)
  })

  test('is the wider, the more the hours differ', () => {
    const even = fitErrors(profileOf(every(WEEK, () => ({ learned: 20, refused: 5 }))), MONDAY + WEEK)
    const uneven = fitErrors(
      profileOf(every(WEEK, (hour) => ({ learned: 20, refused: hour % 4 === 0 ? 20 : 0 }))),
      MONDAY + WEEK,
    )
    expect(uneven.alpha + uneven.beta).toBeLessThan(even.alpha + even.beta)
  })

  test('bounds what a token that was never refused is surprised by', () => {
    const clean = (hours: number) => fitErrors(profileOf(every(hours, () => ({ learned: 20 }))), MONDAY + hours)
    expect(errorBits(clean(4 * WEEK), 500, 500)).toBeCloseTo(2 * Math.log2(4 * WEEK + 1), 9)
    expect(errorBits(clean(10), 500, 500)).toBeLessThanOrEqual(16)
    expect(errorBits(clean(10), 20, 20)).toBeGreaterThan(8)
    expect(errorBits(clean(10), 0, 20)).toBe(0)
  })

  test('makes a distribution of any history', () => {
    const hour = fc.record({
      learned: fc.nat(100),
      held: fc.nat(100),
      refused: fc.nat(150),
      unauthenticated: fc.nat(50),
    })
    fc.assert(
      fc.property(fc.array(hour, { maxLength: 50 }), (hours) => {
        const profile = profileOf(hours.map((counts, index) => ({ hour: MONDAY + index * 9, ...counts })))
        const fit = fitErrors(profile, MONDAY + 450)
        expect(fit.alpha).toBeGreaterThan(0)
        expect(fit.beta).toBeGreaterThan(0)
        expect(fit.alpha + fit.beta).toBeLessThanOrEqual(49.001)
      }),
    )
  })
})
