/** Wires a pipeline that keeps all it knows in memory: for a replay without a store, and for a backtest. */
import { type Actions, NO_ACTIONS } from '../alert/actions.ts'
import { budgetOf } from '../alert/budget.ts'
import { createMemoryBudget } from '../alert/memory-budget.ts'
import type { Config } from '../config.ts'
import { createDetection, sourceFoldSettingsOf } from '../detection.ts'
import type { AccessEvent } from '../event.ts'
import type { DecodedRecord } from '../ingest/packed-records.ts'
import { type Pipeline, type PipelineSteps, createPipeline } from '../pipeline.ts'
import { createMemoryPeers } from '../profile/memory-peers.ts'
import { EMPTY_REGISTRY, type TokenRegistry } from '../registry/registered-token.ts'
import { UNSTORED_BLOCK } from '../replay.ts'
import { createSourceFold } from '../source-fold.ts'
import { createMemorySources } from '../sources/memory-sources.ts'
import { createRotatingStates } from '../rotating-states.ts'
import type { TokenStates } from '../token-states.ts'
import type { BlockView } from './block-views.ts'

/**
 * What records are: bytes; decoded in another thread or for another run; or events as they were stored, which are
 * enriched as well.
 */
export type RecordForm = 'raw' | 'decoded' | 'stored'

export interface MemoryRunOptions {
  readonly form: RecordForm
  readonly registry?: TokenRegistry
  /** `replay --min-bits`. */
  readonly minBits?: number
}

export interface MemoryRun {
  /** Bytes to events, without bounds of time. */
  readonly decode: PipelineSteps['decode']
  readonly pipeline: Pipeline
  readonly states: TokenStates
  /** The records that follow are judged by this registry, and by what people had done. */
  readonly see: (view: BlockView) => void
}

export async function createMemoryRun(config: Config, options: MemoryRunOptions): Promise<MemoryRun> {
  const { form, registry = EMPTY_REGISTRY, minBits } = options
  const peers = config.learning.peers ? createMemoryPeers() : undefined
  const sources = createMemorySources(config.learning.adoptAfterMs)
  const settings = budgetOf(config.alerting)
  const budget = settings && createMemoryBudget(settings)
  const detection = await createDetection(form === 'stored' ? withoutNetworks(config) : config, {
    ...(budget && { thresholdBits: budget.thresholdBits }),
    ...(peers && { peers }),
    sources,
    registry,
    ...(minBits === undefined ? {} : { minBits }),
  })
  const { foldSettings } = detection
  const decode: PipelineSteps['decode'] = (record, ingestedAtMs) => detection.decode(record, ingestedAtMs, false)
  let view: BlockView = { registry, actions: NO_ACTIONS }
  const states = createRotatingStates(foldSettings.profile, { of: (tokenId) => view.registry.of(tokenId) })
  let { fold } = detection
  const foldSource = createSourceFold({
    sources,
    registry: { of: (tokenId) => view.registry.of(tokenId) },
    settings: sourceFoldSettingsOf(config),
    shared: foldSettings,
    actions: latestOf(() => view.actions),
  })
  const steps: PipelineSteps = {
    decode: form === 'raw' ? decode : (record) => (record as DecodedRecord).decoded,
    enrich: form === 'stored' ? (event) => event as AccessEvent : detection.enrich,
    states,
    fold: (state, event) => fold(state, event),
    ...(peers && { peers }),
    foldSource,
    ...(budget && { budget }),
  }
  return {
    decode,
    pipeline: createPipeline(steps, UNSTORED_BLOCK),
    states,
    see(next) {
      if (next === view) return
      view = next
      fold = detection.foldWith(view.registry, undefined, view.actions)
    },
  }
}

/** Nothing is looked up any more: the file need not be there, and costs no memory. */
function withoutNetworks(config: Config): Config {
  return { ...config, enrich: { ...config.enrich, asnDatabase: undefined } }
}

function latestOf(actions: () => Actions): Actions {
  return {
    marksOf: (tokenId) => actions().marksOf(tokenId),
    isClosed: (incidentId) => actions().isClosed(incidentId),
    resolvesOf: (incidentId) => actions().resolvesOf(incidentId),
  }
}
