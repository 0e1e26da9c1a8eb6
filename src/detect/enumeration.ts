/**
 * A token that tries one endpoint after the other.
 *
 * Attack: whoever holds a stolen token, or one of little use, looks for what it opens. Signal: distinct endpoints within
 * an hour that the token was refused at for the first time or, once it has a history, never called before. Bits: the
 * first costs the mass of the unseen as everywhere (profile/novelty.ts), each further one -log2 q, where q is how
 * strongly new endpoints come in groups, from the token's own hours that brought any: a geometric tail. A release brings
 * some at once; told in steps of four bits.
 * Blind to: a walk through the ids of one endpoint, which is one endpoint (error-burst and frequency see it); an attacker
 * who knows where to go.
 */
import { z } from 'zod'
import { activeHours } from '../profile/activity.ts'
import { hourOf } from '../profile/calendar.ts'
import { chainOf, isRefused, isUnauthenticated } from '../profile/dimension.ts'
import { newValueBits } from '../profile/novelty.ts'
import type { TokenProfile } from '../profile/profile.ts'
import { HOUR_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { newStep } from './shared/step.ts'

/** Below so many active hours every endpoint is new: only refused ones count. */
const SETTLED_HOURS = 24
/** How strongly new endpoints come in groups: of a token that has shown none, and the bounds of the fit. */
const GROUPING_UNKNOWN = 0.6
const GROUPING_MIN = 0.4
const GROUPING_MAX = 0.95

export const enumeration = defineDetector({
  name: 'enumeration',
  summary: 'A token that tries one endpoint after the other.',
  cause: 'action',
  settings: z.strictObject({
    routesMin: count('Fewer distinct endpoints in an hour are no enumeration.', 2).default(5),
    bitsMax: z.number().min(1).describe('Bits at most.').default(32),
  }),
  create: ({ routesMin, bitsMax }) => ({
    name: 'enumeration',
    inspect(event, profile) {
      if (isUnauthenticated(event) || event.route === '') return undefined
      const isRefusedCall = isRefused(event) || event.status === 405
      const n = activeHours(profile.activity)
      if (!isRefusedCall && n < SETTLED_HOURS) return undefined
      const dimension = isRefusedCall ? 'refused_route' : 'route'
      const chain = chainOf(dimension, event)
      if (profile.learned[dimension].has(chain) || profile.held[dimension].has(chain)) return undefined
      const hour = hourOf(event.timeMs)
      const { routes, refused, groups, members } = newRoutes(profile, hour, n >= SETTLED_HOURS)
      if (routes + 1 < routesMin) return undefined
      const grouping = members === 0 ? GROUPING_UNKNOWN : 1 - (groups + 1) / (members + 1 / (1 - GROUPING_UNKNOWN))
      const q = Math.min(GROUPING_MAX, Math.max(GROUPING_MIN, grouping))
      const first = newValueBits(n, Math.min(n, groups))
      const bits = Math.min(bitsMax, first.bits - routes * Math.log2(q))
      const step = newStep(profile, 'enumeration', hour * HOUR_MS, bits)
      if (step === undefined) return undefined
      const refusedNow = refused + (isRefusedCall ? 1 : 0)
      return {
        ...step,
        seen: `${routes + 1} endpoints tried for the first time within the hour, ${refusedNow} of them refused (last: ${event.method} ${event.route})`,
        normal: `New endpoints in ${groups} of ${n} active hours, ${members} in all`,
        numbers: { routes: routes + 1, refused: refusedNow, n, groups, members, grouping: q, tailBits: bits },
      }
    },
  }),
})

/** Endpoints first seen in this hour, and in how many earlier hours how many were. */
function newRoutes(profile: TokenProfile, hour: number, isSettled: boolean) {
  const earlier = new Map<number, number>()
  let refused = 0
  let called = 0
  for (const dimension of ['route', 'refused_route'] as const) {
    for (const table of [profile.learned[dimension], profile.held[dimension]]) {
      for (const { enteredAtMs } of table.values()) {
        const entered = hourOf(enteredAtMs)
        if (entered !== hour) {
          if (enteredAtMs > 0 && entered < hour) earlier.set(entered, (earlier.get(entered) ?? 0) + 1)
        } else if (dimension === 'refused_route') refused++
        else called++
      }
    }
  }
  const first = Math.min(...earlier.keys())
  // The first hour of a token's life brings all that it does: it tells nothing of how new endpoints come later.
  earlier.delete(first)
  let members = 0
  for (const of of earlier.values()) members += of
  return { routes: refused + (isSettled ? called : 0), refused, groups: earlier.size, members }
}
