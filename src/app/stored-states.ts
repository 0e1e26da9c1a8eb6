/** Token states as ClickHouse knows them, behind a cache. */
import type { TokenId } from '../event.ts'
import { createTokenState } from '../fold.ts'
import type { ProfileSettings } from '../profile/profile.ts'
import type { Database } from '../store/database.ts'
import { loadTokenStates } from '../store/profiles.ts'
import { type TokenStates, createCachedStates } from '../token-states.ts'

type Loaded = Awaited<ReturnType<typeof loadTokenStates>>

/** @param around a load, for those who try again or count; it is called as often as something has to be loaded. */
export function createStoredStates(
  db: Database,
  settings: ProfileSettings,
  statesMax: number,
  around: (load: () => Promise<Loaded>) => Promise<Loaded> = (load) => load(),
): TokenStates {
  const create = (tokenId: TokenId) => createTokenState(tokenId, settings)
  return createCachedStates(
    (tokenIds, horizon) => around(() => loadTokenStates(db, create, tokenIds, horizon)),
    statesMax,
  )
}
