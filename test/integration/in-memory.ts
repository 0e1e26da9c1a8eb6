/** The same pipeline in memory, over records as Kafka would hand them out: what the service has to agree with. */
import type { Alert } from '../../src/alert/alert.ts'
import type { Block } from '../../src/block.ts'
import { loadConfig } from '../../src/config.ts'
import type { Finding, FoldedEvent } from '../../src/detect/finding.ts'
import { createDetection, sourceFoldSettingsOf } from '../../src/detection.ts'
import type { TokenId } from '../../src/event.ts'
import { type TokenState, createTokenState } from '../../src/fold.ts'
import type { DeadLetter } from '../../src/ingest/dead-letter.ts'
import type { RawRecord } from '../../src/ingest/source.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { createMemoryPeers } from '../../src/profile/memory-peers.ts'
import { NO_SURGES } from '../../src/profile/surges.ts'
import { EMPTY_REGISTRY } from '../../src/registry/registered-token.ts'
import { replay } from '../../src/replay.ts'
import { createSourceFold } from '../../src/source-fold.ts'
import { createMemorySources } from '../../src/sources/memory-sources.ts'
import { createMemoryStates } from '../../src/token-states.ts'
import { type Settings, serviceEnv, writeSettings } from './service.ts'

export interface InMemory {
  readonly events: readonly FoldedEvent[]
  readonly findings: readonly Finding[]
  readonly alerts: readonly Alert[]
  readonly deadLetters: readonly DeadLetter[]
  readonly states: ReadonlyMap<TokenId, TokenState>
  /** An empty state under the same settings. */
  readonly createState: (tokenId: TokenId) => TokenState
}

/** Records of one partition, from offset 0 on. */
export function recordsOf(topic: string, values: readonly (string | Uint8Array | null)[]): RawRecord[] {
  return values.map((value, offset) => ({
    topic,
    partition: 0,
    offset,
    value: typeof value === 'string' ? Buffer.from(value) : value,
  }))
}

/**
 * Under the settings of a service (`serviceSettings`).
 * @param others what is known of other tokens: as where one log is loaded from a store that was empty, or as it is counted
 *   in a replay without one, sources and surges included.
 */
export async function foldInMemory(
  settings: Settings,
  records: readonly RawRecord[],
  others: 'stored' | 'counted' = 'stored',
): Promise<InMemory> {
  const written = writeSettings(settings)
  const config = loadConfig({ file: written.file, set: [], env: serviceEnv() })
  written.dispose()
  const counters = { fieldDropped: () => {}, sourceTextSeen: () => {}, tokenIdFingerprinted: () => {} }
  const peers = config.learning.peers ? createMemoryPeers(others === 'stored' ? NO_SURGES : undefined) : undefined
  const sources = createMemorySources(config.learning.adoptAfterMs)
  const detection = await createDetection(config, {
    counters,
    ...(peers && { peers }),
    ...(others === 'counted' && { sources }),
  })
  const { foldSettings } = detection
  const foldSource = createSourceFold({
    sources,
    registry: EMPTY_REGISTRY,
    settings: sourceFoldSettingsOf(config),
    shared: foldSettings,
  })
  const known = new Map<TokenId, TokenState>()
  const createState = (tokenId: TokenId) => createTokenState(tokenId, foldSettings.profile)
  const states = createMemoryStates((tokenId) => {
    const state = createState(tokenId)
    known.set(tokenId, state)
    return state
  })
  const blocks: Block[] = []
  const pipeline = createPipeline(
    {
      decode: (record, atMs) => detection.decode(record, atMs, true),
      enrich: detection.enrich,
      states,
      fold: detection.fold,
      ...(peers && { peers }),
      ...(others === 'counted' && { foldSource }),
    },
    config.ingest.block,
  )
  await replay(records[0]?.topic ?? '', batchesOf(records), {
    pipeline,
    states,
    limits: config.ingest.block,
    clock: { now: () => Date.now() },
    onAlert: () => {},
    store: { write: async (block) => void blocks.push(block) },
    signal: new AbortController().signal,
  })
  return {
    events: blocks.flatMap((block) => block.events),
    findings: blocks.flatMap((block) => block.findings),
    alerts: blocks.flatMap((block) => block.alerts.map(({ alert }) => alert)),
    deadLetters: blocks.flatMap((block) => block.deadLetters),
    states: known,
    createState,
  }
}

async function* batchesOf(records: readonly RawRecord[]): AsyncGenerator<readonly RawRecord[]> {
  for (let at = 0; at < records.length; at += 500) yield records.slice(at, at + 500)
}
