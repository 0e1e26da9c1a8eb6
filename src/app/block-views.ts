/** What a block sees beside its records: the registry, and what people did, each as it stood some minutes before. */
import { LRUCache } from 'lru-cache'
import { type Actions, NO_ACTIONS } from '../alert/actions.ts'
import type { Log } from '../log.ts'
import { createHistory, createRegistryHistory } from '../registry/history.ts'
import type { TokenRegistry } from '../registry/registered-token.ts'
import { actionTimes, loadActions } from '../store/actions.ts'
import type { Database } from '../store/database.ts'
import { loadRegistry, registryTimes } from '../store/registry.ts'

export interface BlockView {
  readonly registry: TokenRegistry
  readonly actions: Actions
}

export interface BlockViews {
  /** The same object for as long as neither has changed. */
  at(ingestedAtMs: number): Promise<BlockView>
}

/** Blocks that are made again see earlier states than those beside them. */
const VIEWS_KEPT = 4

/** @param ask around each question to the database, for those who try again. */
export function createBlockViews(
  db: Database,
  ask: <T>(question: () => Promise<T>) => Promise<T>,
  log: Log,
): BlockViews {
  const clockAhead = (what: string) => () =>
    log.warn(`this clock is ahead of ClickHouse's: what is done to ${what} may count too early`)
  const registries = createRegistryHistory(
    { times: () => ask(() => registryTimes(db)), load: (atMs) => ask(() => loadRegistry(db, atMs)) },
    clockAhead('the registry'),
  )
  const actions = createHistory(
    { times: () => ask(() => actionTimes(db)), load: (atMs) => ask(() => loadActions(db, atMs)) },
    NO_ACTIONS,
    clockAhead('incidents'),
  )
  const views = new LRUCache<Actions, BlockView>({ max: VIEWS_KEPT })
  return {
    async at(ingestedAtMs) {
      const [registry, done] = await Promise.all([registries.at(ingestedAtMs), actions.at(ingestedAtMs)])
      const known = views.get(done)
      if (known?.registry === registry) return known
      const view = { registry, actions: done }
      views.set(done, view)
      return view
    },
  }
}
