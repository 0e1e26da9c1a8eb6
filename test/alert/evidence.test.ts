/** How findings of one token add up, by settings under which every sum can be done by hand. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Evidence,
  type EvidenceFinding,
  type EvidenceSettings,
  addEvidence,
  createEvidence,
  resumeEvidence,
} from '../../src/alert/evidence.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const START_MS = Date.UTC(2026, 2, 1, 12)

const SETTINGS: EvidenceSettings = {
  coincidenceWindowMs: HOUR_MS,
  coincidenceBits: 2,
  driftBits: 0,
  driftFree: ['new-country'],
  halfLifeMs: 10 * HOUR_MS,
  carriedBitsMax: 8,
}

/** A finding `minute` minutes after the start. */
function found(minute: number, bits: number, cause: string, more: Partial<EvidenceFinding> = {}): EvidenceFinding {
  return { detector: `of-${cause}`, cause, bits, timeMs: START_MS + minute * MINUTE_MS, bucketMs: 0, ...more }
}

/** The sum after each finding. */
function sums(findings: readonly EvidenceFinding[], settings = SETTINGS, evidence = createEvidence()): number[] {
  return findings.map((finding) => addEvidence(evidence, finding, settings))
}

describe('within one window', () => {
  test.each([
    [
      'each further cause adds two bits to its own',
      [found(0, 9, 'source'), found(5, 4, 'client'), found(60, 5, 'action')],
      [9, 15, 22],
    ],
    [
      'of one cause the loudest counts',
      [found(0, 9, 'source'), found(1, 4, 'source', { detector: 'other' }), found(2, 11, 'source')],
      [9, 9, 11],
    ],
    [
      'what one detector says again is no news, louder or not',
      [found(0, 9, 'source'), found(1, 9, 'source'), found(2, 5, 'source')],
      [9, 9, 9],
    ],
    [
      'the steps of one bucket are one finding that grows',
      [found(0, 4, 'volume', { bucketMs: 7 }), found(1, 4, 'volume', { bucketMs: 7 })],
      [4, 8],
    ],
    [
      'those of two buckets are two: the greater counts',
      [
        found(0, 8, 'volume', { bucketMs: 7 }),
        found(1, 4, 'volume', { bucketMs: 8 }),
        found(2, 8, 'volume', { bucketMs: 8 }),
      ],
      [8, 8, 12],
    ],
    ['what goes on counts, and makes no coincidence', [found(0, 9, 'source'), found(1, 4, 'again')], [9, 13]],
    [
      'nor does a sensitive deed, but each is one of its own',
      [found(0, 9, 'source'), found(1, 5, 'sensitive'), found(2, 5, 'sensitive')],
      [9, 14, 19],
    ],
  ])('%s', (_, findings, expected) => {
    expect(sums(findings)).toEqual(expected)
  })

  test.each([
    ['is taken from each cause', [found(0, 9, 'source'), found(1, 5, 'client')], [6, 6 + 2 + 2]],
    ['leaves nothing of what is smaller, and never less', [found(0, 9, 'source'), found(1, 2, 'client')], [6, 6]],
    ['is not taken from a fact, which is no matter of chance', [found(0, 9, 'fact'), found(1, 1, 'source')], [9, 9]],
    [
      'is not taken from a detector that the settings except, which is the loudest of its cause with fewer bits',
      [found(0, 6, 'source', { detector: 'new-address' }), found(1, 5, 'source', { detector: 'new-country' })],
      [3, 5],
    ],
  ])('the drift of three bits %s', (_, findings, expected) => {
    expect(sums(findings, { ...SETTINGS, driftBits: 3 })).toEqual(expected)
  })
})

describe('from one window to the next', () => {
  test('a finding at the end of the window belongs to it, one after it opens another', () => {
    expect(sums([found(0, 9, 'source'), found(60, 5, 'client')])).toEqual([9, 16])
    const evidence = createEvidence()
    sums([found(0, 9, 'source'), found(61, 5, 'client')], SETTINGS, evidence)
    expect(evidence).toMatchObject({ windowMs: START_MS + 61 * MINUTE_MS })
    expect([...evidence.window.keys()]).toEqual(['of-client'])
  })

  test('what was found before counts for half after each half-life', () => {
    expect(sums([found(0, 6, 'source'), found(10 * 60, 5, 'client')])).toEqual([6, 3 + 5])
    expect(sums([found(0, 6, 'source'), found(20 * 60, 5, 'client')])).toEqual([6, 1.5 + 5])
  })

  test('and for no more than carriedBitsMax', () => {
    expect(sums([found(0, 40, 'source'), found(10 * 60, 5, 'client')])).toEqual([40, 8 + 5])
  })

  test('the half-life runs from the latest finding of the window', () => {
    expect(sums([found(0, 6, 'source'), found(60, 5, 'source'), found(11 * 60, 4, 'client')])).toEqual([6, 6, 3 + 4])
  })

  test('a late finding counts in the window in hand: time never goes back', () => {
    const evidence = createEvidence()
    expect(sums([found(600, 9, 'source'), found(0, 5, 'client')], SETTINGS, evidence)).toEqual([9, 16])
    expect(evidence).toMatchObject({ atMs: START_MS + 600 * MINUTE_MS, windowMs: START_MS + 600 * MINUTE_MS })
  })
})

describe('of any findings', () => {
  const finding = fc.record({
    minute: fc.oneof(fc.nat(90), fc.nat(3000)),
    parts: fc.integer({ min: 1, max: 4096 }),
    kind: fc.constantFrom('source', 'client', 'action', 'again', 'sensitive', 'fact'),
    bucketMs: fc.constantFrom(0, 0, 7),
  })
  const findings = fc
    .array(finding, { minLength: 1, maxLength: 30 })
    .map((all) => all.map(({ minute, parts, kind, bucketMs }) => found(minute, parts / 256, kind, { bucketMs })))

  const DRIFTING = { ...SETTINGS, driftBits: 2.7 }

  test('the sum is in whole 256ths of a bit, never negative, and never falls within a window', () => {
    fc.assert(
      fc.property(findings, (all) => {
        const evidence = createEvidence()
        let before = { windowMs: 0, bits: 0 }
        for (const one of all) {
          const bits = addEvidence(evidence, one, DRIFTING)
          expect(Number.isInteger(bits * 256)).toBe(true)
          expect(bits).toBeGreaterThanOrEqual(evidence.windowMs === before.windowMs ? before.bits : 0)
          expect(evidence.carriedBits).toBeLessThanOrEqual(SETTINGS.carriedBitsMax)
          before = { windowMs: evidence.windowMs, bits }
        }
      }),
    )
  })

  test('the order of those at one moment does not matter to what they come to', () => {
    const orders = fc
      .array(finding, { minLength: 1, maxLength: 12 })
      .map((all) => all.map(({ parts, kind }) => found(600, parts / 256, kind)))
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    fc.assert(
      fc.property(orders, ([all, shuffled]) => {
        const before = [found(0, 20, 'source'), found(10, 7, 'client')]
        expect(sums([...before, ...shuffled], DRIFTING).at(-1)).toBe(sums([...before, ...all], DRIFTING).at(-1))
      }),
    )
  })

  test('it is taken up again from the stored findings of its latest window, and goes on alike', () => {
    fc.assert(
      fc.property(findings, findings, (past, next) => {
        const live = createEvidence()
        const stored = past.map((one) => {
          const sumBits = addEvidence(live, one, DRIFTING)
          return { ...one, sumBits, windowMs: live.windowMs, carriedBits: live.carriedBits }
        })
        const resumed: Evidence = createEvidence()
        for (const one of stored) if (one.windowMs === live.windowMs) resumeEvidence(resumed, one)
        expect(resumed).toEqual(live)
        expect(sums(next, DRIFTING, resumed)).toEqual(sums(next, DRIFTING, live))
      }),
    )
  })
})
