/** Where blocks end: before a day whose threshold is to be taken yet, and where somebody has to be told. */
import { describe, expect, test } from 'vitest'
import type { Alert } from '../src/alert/alert.ts'
import { type Block, openBlock } from '../src/block.ts'
import type { FoldedEvent } from '../src/detect/finding.ts'
import type { TokenId } from '../src/event.ts'
import { type TokenState, createTokenState } from '../src/fold.ts'
import type { RawRecord } from '../src/ingest/source.ts'
import { createPipeline } from '../src/pipeline.ts'
import { dayOf } from '../src/profile/calendar.ts'
import { replay } from '../src/replay.ts'
import { DAY_MS, HOUR_MS } from '../src/settings.ts'
import { createMemoryStates } from '../src/token-states.ts'
import { makeAlert } from './notify/alerts.ts'
import { NOON_MS, call } from './profile/calls.ts'

const TODAY = dayOf(NOON_MS)
const LIMITS = { rowsMax: 1_000, bytesMax: 1_000_000 }
const SETTINGS = { valuesMax: 512, adoptAfterMs: 14 * DAY_MS, incidentGapMs: 6 * HOUR_MS }

/** A pipeline over records that hold the hours of their events since `NOON_MS`, and what it did, in order. */
function stage(
  readyDays: readonly number[] = [],
  state?: (tokenId: TokenId) => TokenState,
  alertsOf: (hours: number) => readonly Alert[] = () => [],
) {
  const done: string[] = []
  const ready = new Set(readyDays.map((day) => TODAY + day))
  const states = createMemoryStates(state ?? ((tokenId) => createTokenState(tokenId, SETTINGS)))
  const pipeline = createPipeline(
    {
      decode: ({ value }) => ({
        events: (JSON.parse(String(value)) as number[]).map((hours) => call(NOON_MS + hours * HOUR_MS)),
        deadLetters: [],
      }),
      enrich: (event) => event as ReturnType<typeof call>,
      states,
      fold: (_state, event) => ({
        event: event as FoldedEvent,
        findings: [],
        alerts: alertsOf((event.timeMs - NOON_MS) / HOUR_MS),
        firsts: [],
        sight: undefined,
      }),
      days: {
        isReady: (day) => ready.has(day),
        async prepare(days) {
          const taken = [...days].filter((day) => !ready.has(day)).map((day) => day - TODAY)
          if (taken.length > 0) done.push(`takes ${taken.join(' ')}`)
          for (const day of days) ready.add(day)
        },
      },
    },
    LIMITS,
  )
  async function play(...records: readonly number[][]): Promise<readonly string[]> {
    const raw = records.map((hours, offset) => ({ ...RECORD, offset, value: Buffer.from(JSON.stringify(hours)) }))
    await replay('access', batchOf(raw), {
      pipeline,
      states,
      limits: LIMITS,
      clock: { now: () => 0 },
      onAlert: () => {},
      store: {
        write: async ({ firstOffset, lastOffset }: Block) => void done.push(`stores ${firstOffset}-${lastOffset}`),
      },
      signal: new AbortController().signal,
    })
    return done
  }
  return { pipeline, done, play }
}

const RECORD = { topic: 'access', partition: 0 }

async function* batchOf(records: readonly RawRecord[]) {
  yield records
}

describe('a block', () => {
  test('ends before the first event of a later day, whose threshold is then taken', async () => {
    expect(await stage().play([0], [1], [13], [14], [40])).toEqual([
      'takes 0',
      'stores 0-1',
      'takes 1',
      'stores 2-3',
      'takes 2',
      'stores 4-4',
    ])
  })

  test('goes on over days whose thresholds are known, and over late events', async () => {
    expect(await stage([0, 1]).play([0], [13], [1], [14])).toEqual(['stores 0-3'])
    expect(await stage().play([13], [0], [14])).toEqual(['takes 1 0', 'stores 0-2'])
  })

  test('takes in a record whose events lie on several days', async () => {
    expect(await stage().play([0, 13], [14, 40])).toEqual(['takes 0 1', 'stores 0-0', 'takes 2', 'stores 1-1'])
  })

  test('is stored at once where somebody has to be told, and goes on over what waits for the daily review', async () => {
    const alertsOf = (hours: number) => {
      if (hours % 2 === 0) return []
      return [makeAlert({ concern: hours === 3 ? 'misuse' : 'governance' })]
    }
    expect(await stage([0, 1], undefined, alertsOf).play([0], [1], [2], [3], [4], [5])).toEqual([
      'stores 0-3',
      'stores 4-5',
    ])
  })

  test('that is made again ends where it ended', async () => {
    const { pipeline, done } = stage()
    const block = openBlock({ ...RECORD, firstOffset: 0, lastOffset: 2, ingestedAtMs: 0, isRetry: true })
    const records = [[0], [13], [40]].map((hours, offset) => ({
      ...RECORD,
      offset,
      value: Buffer.from(JSON.stringify(hours)),
    }))
    expect(await pipeline.extend(block, records, 0)).toBe(3)
    expect(done).toEqual(['takes 0 1 2'])
  })

  test('asks for the day on which an open incident of its tokens began', async () => {
    const state = (tokenId: TokenId): TokenState => ({
      ...createTokenState(tokenId, SETTINGS),
      incidents: { misuse: { firstMs: NOON_MS - 3 * DAY_MS } as never },
    })
    expect(await stage([], state).play([0])).toEqual(['takes 0 -3', 'stores 0-0'])
  })
})
