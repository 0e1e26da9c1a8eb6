/** When tokenwatch tells that it sees too little itself: once for each time that a condition begins. */
import { describe, expect, test } from 'vitest'
import { type PipelineState, createPipelineWatch } from '../../src/alert/pipeline-watch.ts'

const START_MS = Date.UTC(2026, 0, 15, 12)
const MINUTE_MS = 60_000
const LIMITS = {
  groupId: 'tokenwatch',
  silenceMs: 15 * MINUTE_MS,
  lagRecordsMax: 1_000,
  deadLetterShareMax: 0.05,
}

/** A look at a pipeline that is well, with changes; times are minutes after the start. */
interface Look {
  readonly at: number
  readonly lastEventAt?: number
  readonly lag?: number
  readonly records?: number
  readonly deadLetters?: number
}

function stateOf({ at, lastEventAt = at, lag = 0, records = 0, deadLetters = 0 }: Look): PipelineState {
  return {
    nowMs: START_MS + at * MINUTE_MS,
    lastEventMs: START_MS + lastEventAt * MINUTE_MS,
    lagRecords: lag,
    records,
    deadLetters,
  }
}

function watch(looks: readonly Look[], limits: Partial<typeof LIMITS> = {}) {
  const look = createPipelineWatch({ ...LIMITS, ...limits })
  return looks.map((each) => look(stateOf(each)))
}

/** At which looks which condition was told. */
function told(looks: readonly Look[], limits: Partial<typeof LIMITS> = {}): (readonly string[])[] {
  return watch(looks, limits).map((alerts) => alerts.flatMap(({ detectors }) => detectors.map(({ name }) => name)))
}

interface Case {
  readonly says: string
  readonly looks: readonly Look[]
  readonly limits?: Partial<typeof LIMITS>
  readonly told: readonly (readonly string[])[]
}

const CASES: readonly Case[] = [
  {
    says: 'a pipeline that is well says nothing',
    looks: [{ at: 0 }, { at: 30, records: 1_000 }, { at: 60, records: 2_000, deadLetters: 10 }],
    told: [[], [], []],
  },
  {
    says: 'silence is told when it has lasted long enough, and once',
    looks: [
      { at: 14, lastEventAt: 0 },
      { at: 15, lastEventAt: 0 },
      { at: 16, lastEventAt: 0 },
      { at: 60, lastEventAt: 0 },
    ],
    told: [[], ['silence'], [], []],
  },
  {
    says: 'silence that was broken may come again',
    looks: [
      { at: 15, lastEventAt: 0 },
      { at: 20, lastEventAt: 19 },
      { at: 35, lastEventAt: 19 },
    ],
    told: [['silence'], [], ['silence']],
  },
  {
    says: 'silence is nothing where it is switched off',
    looks: [{ at: 6_000, lastEventAt: 0 }],
    limits: { silenceMs: 0 },
    told: [[]],
  },
  {
    says: 'lag at the limit is none, above it is told once until it has been worked off',
    looks: [
      { at: 0, lag: 1_000 },
      { at: 1, lag: 1_001 },
      { at: 2, lag: 9_999 },
      { at: 3, lag: 1_000 },
      { at: 4, lag: 1_001 },
    ],
    told: [[], ['lag'], [], [], ['lag']],
  },
  {
    says: 'lag is nothing where it is switched off',
    looks: [{ at: 0, lag: 1_000_000_000 }],
    limits: { lagRecordsMax: 0 },
    told: [[]],
  },
  {
    says: 'many dead letters are told as soon as they are many',
    looks: [{ at: 0 }, { at: 1, records: 100, deadLetters: 20 }, { at: 2, records: 200, deadLetters: 40 }],
    told: [[], ['dead-letters'], []],
  },
  {
    says: 'a few dead letters are not many, whatever their share',
    looks: [
      { at: 0 },
      { at: 1, records: 19, deadLetters: 19 },
      { at: 5, records: 19, deadLetters: 19 },
      { at: 6, records: 38, deadLetters: 38 },
    ],
    told: [[], [], [], []],
  },
  {
    says: 'a small share is not many, whatever their number',
    looks: [{ at: 0 }, { at: 1, records: 100_000, deadLetters: 5_000 }],
    told: [[], []],
  },
  {
    says: 'dead letters from before the first look do not count',
    looks: [
      { at: 0, records: 100, deadLetters: 100 },
      { at: 1, records: 200, deadLetters: 101 },
    ],
    told: [[], []],
  },
  {
    says: 'many dead letters end with a whole window of few, and may begin again',
    looks: [
      { at: 0 },
      { at: 1, records: 100, deadLetters: 50 },
      { at: 5, records: 500, deadLetters: 50 },
      { at: 8, records: 700, deadLetters: 50 },
      { at: 10, records: 900, deadLetters: 50 },
      { at: 11, records: 1_000, deadLetters: 100 },
    ],
    told: [[], ['dead-letters'], [], [], [], ['dead-letters']],
  },
  {
    says: 'a share of 1 is never exceeded',
    looks: [{ at: 0 }, { at: 1, records: 100, deadLetters: 100 }],
    limits: { deadLetterShareMax: 1 },
    told: [[], []],
  },
  {
    says: 'conditions that begin together are told together',
    looks: [{ at: 0 }, { at: 15, lastEventAt: 0, lag: 2_000, records: 100, deadLetters: 100 }],
    told: [[], ['silence', 'lag', 'dead-letters']],
  },
]

test.each(CASES)('$says', (each) => {
  expect(told(each.looks, each.limits)).toEqual(each.told)
})

describe('a pipeline alert', () => {
  test('is about the pipeline, says what is wrong and by which setting, and shows nothing of any token', () => {
    const [[alert] = []] = watch([{ at: 20, lastEventAt: 0 }])
    expect(alert).toMatchObject({
      kind: 'pipeline',
      severity: 'high',
      subjectKind: 'pipeline',
      subject: 'pipeline',
      title: expect.stringContaining('No event for 20 minutes'),
      timeMs: START_MS + 20 * MINUTE_MS,
      beganAtMs: START_MS,
      eventIds: [],
      sources: [],
      evidenceQuery: '',
    })
    expect(alert?.evidence[0]?.normal).toContain(`ingest.silenceMs is ${LIMITS.silenceMs}`)
  })

  test('has one id for one condition of one group, and another for each time that it begins', () => {
    const idOf = (looks: readonly Look[], limits: Partial<typeof LIMITS> = {}) =>
      watch(looks, limits).at(-1)?.[0]?.alertId
    const first = idOf([{ at: 15, lastEventAt: 0 }])
    expect(idOf([{ at: 17, lastEventAt: 0 }]), 'whoever looks, and when').toBe(first)
    expect(idOf([{ at: 35, lastEventAt: 1 }]), 'another silence').not.toBe(first)
    expect(idOf([{ at: 15, lastEventAt: 0 }], { groupId: 'other' })).not.toBe(first)
    expect(idOf([{ at: 0, lag: 2_000 }])).not.toBe(first)
  })
})
