/**
 * A token used by a client program that it was never used by.
 *
 * Attack: a token copied out of a program is tried with curl, a script or an attack tool. Signal: the agent chain
 * family -> version. Bits: Pitman-Yor's mass of the unseen over active hours (family) or the family's active days
 * (version; profile/novelty.ts), so that a new client costs much and an update little.
 * Blind to: a forged user agent, which is easily sent; calls without a user agent.
 */
import { z } from 'zod'
import { noveltyOf } from '../profile/novelty.ts'
import { defineDetector } from './detector.ts'
import { explainNovelty, noveltyObservation } from './shared/novelty-observation.ts'

export const newUserAgent = defineDetector({
  name: 'new-user-agent',
  summary: 'A token used by a client program, or a version of it, that it was never used by.',
  cause: 'client',
  settings: z.strictObject({}),
  explain: explainNovelty,
  create: (_settings, { findingBitsMin }) => ({
    name: 'new-user-agent',
    inspect(event, profile, context) {
      const novelty = noveltyOf(profile, 'agent', event, context.peers)
      if (novelty === undefined || novelty.bits < findingBitsMin) return undefined
      const isFamily = novelty.level === 0
      const observation = noveltyObservation(novelty, {
        call: isFamily
          ? `by ${event.agent} ${event.agentVersion}`.trimEnd()
          : `by version ${event.agentVersion} of ${event.agent}`,
        siblings: isFamily
          ? `client${novelty.siblingCount === 1 ? '' : 's'}`
          : `version${novelty.siblingCount === 1 ? '' : 's'} of ${event.agent}`,
      })
      // A new version is what a release brings, as are new endpoints; a thief seldom has the same program in another one.
      return isFamily || novelty.isAgain ? observation : { ...observation, cause: 'action' }
    },
  }),
})
