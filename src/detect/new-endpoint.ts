/**
 * A token that calls a service, an endpoint or a method for the first time.
 *
 * Attack: whoever holds a stolen token looks around and reaches for what its owner never needed. Signal: the route
 * chain service -> route -> method; refused calls never teach a route and are no news here (error-burst sees them).
 * Bits: Pitman-Yor's mass of the unseen over active hours (service) or the parent's active days (route, method;
 * profile/novelty.ts). A deploy that adds ten routes in a day pays once.
 * Blind to: misuse of the endpoints that the owner uses too; weak for tokens that keep finding new endpoints.
 */
import { z } from 'zod'
import { noveltyOf } from '../profile/novelty.ts'
import { defineDetector } from './detector.ts'
import { explainNovelty, noveltyObservation } from './shared/novelty-observation.ts'

const KINDS = [
  ['service', 'services'],
  ['endpoint', 'endpoints'],
  ['method', 'methods'],
] as const

export const newEndpoint = defineDetector({
  name: 'new-endpoint',
  summary: 'A token that calls a service, an endpoint or a method for the first time.',
  cause: 'action',
  settings: z.strictObject({}),
  explain: explainNovelty,
  create: (_settings, { findingBitsMin }) => ({
    name: 'new-endpoint',
    inspect(event, profile, context) {
      const novelty = noveltyOf(profile, 'route', event, context.peers)
      if (novelty === undefined || novelty.bits < findingBitsMin) return undefined
      const [one, many] = KINDS[novelty.level] ?? KINDS[1]
      const parent = novelty.level === 0 ? '' : ` of ${novelty.levels[novelty.level - 1] ?? ''}`
      return noveltyObservation(novelty, {
        call: `of ${one} ${novelty.levels[novelty.level] ?? ''}: ${event.method} ${event.route} on ${event.service || 'an unnamed service'}`,
        siblings: `${novelty.siblingCount === 1 ? one : many}${parent}`,
      })
    },
  }),
})
