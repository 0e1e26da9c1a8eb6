/** Token states as ClickHouse knows them, behind a cache. */
import { type Actions, NO_ACTIONS } from '../alert/actions.ts'
import type { TokenId } from '../event.ts'
import { createTokenState } from '../fold.ts'
import { type TokenRegistry, EMPTY_REGISTRY, rotationOf } from '../registry/registered-token.ts'
import { type ProfileSettings, dropProfile } from '../profile/profile.ts'
import type { Database } from '../store/database.ts'
import { loadTokenStates } from '../store/profiles.ts'
import { type Horizon, type TokenStates, createCachedStates } from '../token-states.ts'

type Loaded = Awaited<ReturnType<typeof loadTokenStates>>

export interface StoredStatesOptions {
  /** Around a load, for those who try again or count; called as often as something has to be loaded. */
  readonly around?: (load: () => Promise<Loaded>) => Promise<Loaded>
  /** What people did, as a block with this `ingested_at` sees it. Absent: nothing. */
  readonly actionsAt?: (ingestedAtMs: number) => Promise<Actions>
  /** The registry as such a block sees it. Absent: nothing is handed on that was not handed on before. */
  readonly registryAt?: (ingestedAtMs: number) => Promise<TokenRegistry>
}

export function createStoredStates(
  db: Database,
  settings: ProfileSettings,
  statesMax: number,
  {
    around = (load) => load(),
    actionsAt = async () => NO_ACTIONS,
    registryAt = async () => EMPTY_REGISTRY,
  }: StoredStatesOptions = {},
): TokenStates {
  async function load(tokenIds: readonly TokenId[], horizon: Horizon): Promise<Loaded> {
    const actions = await actionsAt(horizon.ingestedAtMs)
    const create = (tokenId: TokenId) => createTokenState(tokenId, settings, actions.marksOf(tokenId))
    const registry = await registryAt(horizon.ingestedAtMs)
    return around(() => loadTokenStates(db, create, tokenIds, horizon, (tokenId) => rotationOf(registry, tokenId)))
  }

  return createCachedStates(load, statesMax, ({ profile }) => dropProfile(profile))
}
