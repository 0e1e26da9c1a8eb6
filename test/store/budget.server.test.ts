/** Under a budget a replay into ClickHouse raises the alerts of one in memory, and so does whoever makes a block again. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Alert } from '../../src/alert/alert.ts'
import { type BudgetSettings, budgetOf } from '../../src/alert/budget.ts'
import { createMemoryBudget } from '../../src/alert/memory-budget.ts'
import { createStoredThresholds } from '../../src/app/stored-thresholds.ts'
import { loadConfig } from '../../src/config.ts'
import { createDetection } from '../../src/detection.ts'
import { createTokenState } from '../../src/fold.ts'
import type { RawRecord } from '../../src/ingest/source.ts'
import { type PipelineSteps, createPipeline } from '../../src/pipeline.ts'
import { replay } from '../../src/replay.ts'
import { simulate } from '../../src/simulate/simulation.ts'
import { createBlockStore } from '../../src/store/blocks.ts'
import { latestThresholds } from '../../src/store/thresholds.ts'
import { createMemoryStates } from '../../src/token-states.ts'
import { testDatabase } from '../support/clickhouse.ts'

const db = await testDatabase('budget')
/** So small a budget that it decides for a few tokens, and no drift, so that there is much to decide on. */
const set = ['alerting.budgetPerDay=0.2', 'alerting.thresholdBits=5', 'alerting.evidence.driftBits=0']
const config = loadConfig({ set, env: {} })
const budget = budgetOf(config.alerting) as BudgetSettings
const LIMITS = { rowsMax: 50_000, bytesMax: 64_000_000 }

const records = [...simulate({ seed: 22, tokens: 8, days: 16, startMs: Date.UTC(2024, 8, 2), attacks: 'all' })]
  .filter(({ label }, at) => label !== undefined || at % 6 === 0)
  .map(({ event }, offset): RawRecord => {
    return { topic: 'fortnight', partition: 0, offset, value: Buffer.from(JSON.stringify(event)) }
  })

interface Thresholds {
  readonly thresholdBits: (beganAtMs: number) => number
  readonly steps: Pick<PipelineSteps, 'budget' | 'days'>
}

async function play({ thresholdBits, steps }: Thresholds, isStored: boolean): Promise<readonly Alert[]> {
  const detection = await createDetection(config, { thresholdBits })
  const states = createMemoryStates((tokenId) => createTokenState(tokenId, detection.foldSettings.profile))
  const decode = (record: RawRecord, at: number) => detection.decode(record, at, false)
  const alerts: Alert[] = []
  async function* batches() {
    yield records
  }
  await replay('fortnight', batches(), {
    pipeline: createPipeline({ ...detection, decode, states, ...steps }, LIMITS),
    states,
    limits: LIMITS,
    clock: { now: () => Date.UTC(2024, 10, 1) },
    onAlert: (alert) => void alerts.push(alert),
    ...(isStored ? { store: createBlockStore({ db, keyId: '', onRetry: () => {} }) } : {}),
    signal: new AbortController().signal,
  })
  return alerts
}

function storedThresholds(): Thresholds {
  const { thresholdBits, daysOf } = createStoredThresholds(budget)
  return { thresholdBits, steps: { days: daysOf(db) } }
}

describe('a fortnight under a budget', () => {
  let stored: readonly Alert[] = []
  beforeAll(async () => {
    stored = await play(storedThresholds(), true)
  })

  test('alerts as a replay in memory does', async () => {
    const memory = createMemoryBudget(budget)
    const alerts = await play({ thresholdBits: memory.thresholdBits, steps: { budget: memory } }, false)
    expect(alerts.length).toBeGreaterThan(5)
    expect(stored).toEqual(alerts)
    const days = await latestThresholds(db, budget, 100)
    expect(days.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['fixed', 'budget']))
    expect(new Set(days.map(({ bits }) => bits)).size).toBeGreaterThan(2)
    for (const { day, bits } of days) expect(bits).toBe(memory.thresholdBits(day * 86_400_000))
  })

  test('alerts alike for who makes it again, with all findings stored by then', async () => {
    expect(await play(storedThresholds(), false)).toEqual(stored)
  })
})
