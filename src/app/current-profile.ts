/** A token's profile as it stands now, for the commands that show it or change what it means. */
import type { Config } from '../config.ts'
import { foldSettingsOf } from '../detection.ts'
import type { TokenId } from '../event.ts'
import type { TokenProfile } from '../profile/profile.ts'
import { loadActions } from '../store/actions.ts'
import type { Database } from '../store/database.ts'
import { createStoredStates } from './stored-states.ts'

/** With all that people said so far, whether or not it counts already; an empty one for a token that nobody knows. */
export async function currentProfile(db: Database, config: Config, tokenId: TokenId): Promise<TokenProfile> {
  const { profile } = foldSettingsOf(config)
  const actionsAt = (atMs: number) => loadActions(db, atMs)
  const states = createStoredStates(db, profile, 1, { actionsAt })
  // No block is in hand whose findings were to be left out.
  const horizon = { topic: '', partition: 0, firstOffset: 0, ingestedAtMs: Date.now() }
  await states.acquire([tokenId], horizon)
  return states.of(tokenId).profile
}
