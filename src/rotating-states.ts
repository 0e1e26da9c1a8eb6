/** States of a replay in memory, in which a token that was rotated in begins with what its predecessor is known for. */
import { createTokenState } from './fold.ts'
import { handOver, takeOver } from './profile/handover.ts'
import type { ProfileSettings } from './profile/profile.ts'
import { hasHistory } from './profile/profile.ts'
import { type TokenRegistry, rotationOf } from './registry/registered-token.ts'
import { type TokenStates, createMemoryStates } from './token-states.ts'

export function createRotatingStates(settings: ProfileSettings, registry: Pick<TokenRegistry, 'of'>): TokenStates {
  return createMemoryStates((tokenId, known) => {
    const state = createTokenState(tokenId, settings)
    const rotation = rotationOf(registry, tokenId)
    for (const predecessor of rotation?.predecessors ?? []) {
      const { profile } = known.get(predecessor) ?? {}
      if (rotation === undefined || profile === undefined || !hasHistory(profile)) continue
      const handover = handOver(profile, rotation.createdAtMs)
      if (handover !== undefined) takeOver(state.profile, handover)
      break
    }
    return state
  })
}
