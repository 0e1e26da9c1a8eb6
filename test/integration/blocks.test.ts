/** However records are cut into blocks and processes, and however small their cache is: the same findings and profiles. */
import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { type Block, openBlock } from '../../src/block.ts'
import { loadConfig } from '../../src/config.ts'
import { createDetection } from '../../src/detection.ts'
import { type TokenId } from '../../src/event.ts'
import { createTokenState } from '../../src/fold.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { createBlockStore } from '../../src/store/blocks.ts'
import { loadTokenStates } from '../../src/store/profiles.ts'
import { createCachedStates } from '../../src/token-states.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { uniqueName } from '../support/kafka.ts'
import { recordsOf } from './in-memory.ts'
import { type ServiceOptions, serviceEnv, serviceSettings, writeSettings } from './service.ts'
import { expectStoredOnce, traffic } from './stored.ts'

vi.setConfig({ testTimeout: 120_000 })

const db = await testDatabase('blocks')

interface Cut {
  readonly rows: number
  /** The process ends after this block, and another one knows only what is stored. */
  readonly isRestart: boolean
}

/** Stores the messages as processes would that cut them in this way; the last cut goes on to the end. */
async function store(options: ServiceOptions, messages: readonly string[], cuts: readonly Cut[], statesMax: number) {
  const written = writeSettings(serviceSettings(options))
  const config = loadConfig({ file: written.file, set: [], env: serviceEnv() })
  written.dispose()
  const counters = { fieldDropped: () => {}, sourceTextSeen: () => {}, tokenIdFingerprinted: () => {} }
  const detection = await createDetection(config, { counters })
  const create = (tokenId: TokenId) => createTokenState(tokenId, detection.foldSettings.profile)
  const states = createCachedStates((tokenIds, horizon) => loadTokenStates(db, create, tokenIds, horizon), statesMax)
  const blocks = createBlockStore({ db, keyId: detection.keyId, onRetry: () => {} })
  const decode = (record: Parameters<typeof detection.decode>[0], atMs: number) => detection.decode(record, atMs, true)
  const steps = { decode, enrich: detection.enrich, states, fold: detection.fold }
  const [topic] = options.topics as readonly [string]
  const records = recordsOf(topic, messages)
  const { signal } = new AbortController()
  let ingestedAtMs = Date.now()
  let from = 0
  for (let turn = 0; from < records.length; turn++) {
    const { rows, isRestart } = cuts[turn % cuts.length] as Cut
    const head = {
      topic,
      partition: 0,
      firstOffset: from,
      lastOffset: from,
      ingestedAtMs: ingestedAtMs++,
      isRetry: false,
    }
    const block: Block = openBlock(head)
    const pipeline = createPipeline(steps, { rowsMax: rows, bytesMax: 1_000_000 })
    from += await pipeline.extend(block, records, from)
    await blocks.write(block, signal)
    states.release(block.tokens)
    if (isRestart) states.clear()
  }
}

test('any cut into blocks and processes gives the findings, alerts and profiles of one fold', async () => {
  const cut: fc.Arbitrary<Cut> = fc.record({
    rows: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 30, max: 400 })),
    isRestart: fc.boolean(),
  })
  // Cuts of a few rows alone would take minutes.
  const cuts = fc.array(cut, { minLength: 3, maxLength: 8 }).map((some) => [...some, { rows: 300, isRestart: true }])
  await fc.assert(
    fc.asyncProperty(cuts, fc.integer({ min: 1, max: 4 }), fc.nat(1_000), async (cuts, statesMax, seed) => {
      const topic = uniqueName('blocks')
      const options: ServiceOptions = {
        database: db.name,
        topics: [topic],
        groupId: topic,
        settings: {
          detect: { findingBitsMin: 1 },
          alerting: { thresholdBits: 2, incidentGapMs: 3_600_000 },
          // Small tables, so that values are pushed out of them and come back.
          learning: { valuesMax: 16 },
        },
      }
      // Tokens of this run alone: profiles are kept by token, over all topics.
      const own = (tokenId: string) => `${topic}-${tokenId}`
      const messages = traffic(seed, { events: 800 }).map(({ key, value }) => ({
        key: own(key),
        value: JSON.stringify({ ...(JSON.parse(value) as object), token_id: own(key) }),
      }))
      await store(
        options,
        messages.map(({ value }) => value),
        cuts,
        statesMax,
      )
      const memory = await expectStoredOnce(db, options, messages)
      expect(memory.findings.length).toBeGreaterThan(0)
    }),
    { numRuns: 4, endOnFailure: true },
  )
})
