/**
 * A token that tries one endpoint after the other.
 *
 * Attack: whoever holds a stolen token, or one of little use, looks for what it opens. Signal: distinct endpoints within
 * an hour that the token was refused at for the first time or, once it has a history, never called before. Bits: upper
 * tail of a negative binomial (profile/tails.ts) with the mean that the token's own rate of new endpoints gives for as
 * many calls as the hour had; new endpoints of a release come in groups, so its shape is small. A release may be the
 * first in a token's life: beyond the refused ones, endpoints are worth no more than an hour with new ones,
 * (k + 1/2) / (n + 1) of n active hours, times 3/4 for each further one. Told in steps of four bits.
 * Blind to: a walk through the ids of one endpoint, which is one endpoint (error-burst and frequency see it); an attacker
 * who knows where to go.
 */
import { z } from 'zod'
import { activeHours } from '../profile/activity.ts'
import { hourOf } from '../profile/calendar.ts'
import { isRefused, isUnauthenticated } from '../profile/dimension.ts'
import { callsAt, hourAt, hoursIn, learnedAt } from '../profile/hours.ts'
import { isMet } from '../profile/in-hand.ts'
import type { TokenProfile } from '../profile/profile.ts'
import { negativeBinomialTailBits } from '../profile/tails.ts'
import { enteredAtMs, sizeOf } from '../profile/values.ts'
import { HOUR_MS, count } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { newStep } from './shared/step.ts'
import { bounded, num, stepEquations } from './shared/arithmetic.ts'

/** Below so many active hours every endpoint is new: only refused ones count. */
const SETTLED_HOURS = 24
/** Shape of the negative binomial: new endpoints of a release come in groups, refused ones of a client hardly do. */
const SHAPE_CALLED = 0.05
const SHAPE_REFUSED = 0.3
/** What the habit of a token without calls is taken to be: half a new endpoint in 50 calls. */
const PRIOR_ROUTES = 0.5
const PRIOR_CALLS = 50
/** Each further new endpoint of a release, which brings four of them on average, if their number is geometric. */
const FURTHER_SHARE = 3 / 4

export const enumeration = defineDetector({
  name: 'enumeration',
  summary: 'A token that tries one endpoint after the other.',
  cause: 'action',
  settings: z.strictObject({
    routesMin: count('Fewer distinct endpoints in an hour are no enumeration.', 2).default(5),
    bitsMax: z.number().min(1).describe('Bits at most.').default(32),
  }),
  explain(found) {
    const { routes = 0, refused = 0, mean = 0, shape = 1, n = 0, k = 0, tailBits = 0 } = found.numbers
    const release = `-log2((${k} + 0.5) / (${n} + 1)) + ${routes - 1} * log2(4 / 3)`
    const all = `min(${release}, nbTail(${routes}, ${num(mean)}, ${num(shape)}))`
    const expression = `max(nbTail(${refused}, ${num(mean)}, ${SHAPE_REFUSED}), ${all})`
    const value = bitsOf({ routes, refused, mean, shape, n, k })
    return stepEquations(bounded(expression, value, { ...found, bits: tailBits }), tailBits, found)
  },
  create: ({ routesMin, bitsMax }) => ({
    name: 'enumeration',
    inspect(event, profile) {
      if (isUnauthenticated(event) || event.route === '') return undefined
      const isRefusedCall = isRefused(event) || event.status === 405
      const n = activeHours(profile.activity)
      if (!isRefusedCall && n < SETTLED_HOURS) return undefined
      const dimension = isRefusedCall ? 'refused_route' : 'route'
      if (isMet(profile, event, dimension)) return undefined
      const hour = hourOf(event.timeMs)
      const { routes, refused, members, k } = newRoutes(profile, hour, n >= SETTLED_HOURS)
      if (routes + 1 < routesMin) return undefined
      const refusedNow = refused + (isRefusedCall ? 1 : 0)
      const { before, now } = callsAround(profile, hour)
      const mean = ((members + PRIOR_ROUTES) / (before + PRIOR_CALLS)) * (now + 1)
      const shape = SHAPE_CALLED + (SHAPE_REFUSED - SHAPE_CALLED) * (refusedNow / (routes + 1))
      const bits = Math.min(bitsMax, bitsOf({ routes: routes + 1, refused: refusedNow, mean, shape, n, k }))
      const step = newStep(profile, 'enumeration', hour * HOUR_MS, bits)
      if (step === undefined) return undefined
      return {
        ...step,
        seen: `${routes + 1} endpoints tried for the first time within the hour, ${refusedNow} of them refused (last: ${event.method} ${event.route})`,
        normal: `${members} new endpoints in ${before} calls of four weeks`,
        numbers: {
          routes: routes + 1,
          refused: refusedNow,
          members,
          before,
          calls: now + 1,
          mean,
          shape,
          n,
          k,
          tailBits: bits,
        },
      }
    },
  }),
})

/** What the bits rest on: endpoints of the hour, and the token's habit. */
interface NewRoutes {
  readonly routes: number
  readonly refused: number
  readonly mean: number
  readonly shape: number
  /** Active hours, and those among them with new endpoints. */
  readonly n: number
  readonly k: number
}

function bitsOf({ routes, refused, mean, shape, n, k }: NewRoutes): number {
  const release = -Math.log2((k + 0.5) / (n + 1)) - (routes - 1) * Math.log2(FURTHER_SHARE)
  const all = Math.min(release, negativeBinomialTailBits(routes, mean, shape))
  return Math.max(negativeBinomialTailBits(refused, mean, SHAPE_REFUSED), all)
}

/** Endpoints first seen in this hour, and how many were in the hours of the four weeks before it, but for the first. */
function newRoutes(profile: TokenProfile, hour: number, isSettled: boolean) {
  const first = firstHourOf(profile)
  let refused = 0
  let called = 0
  let members = 0
  const hours = new Set<number>()
  for (const dimension of ['route', 'refused_route'] as const) {
    for (const table of [profile.learned[dimension], profile.held[dimension]]) {
      for (let row = 0; row < sizeOf(table); row++) {
        const entered = hourOf(enteredAtMs(table, row))
        // The first hour brings all that a token does: it tells nothing of how new endpoints come later.
        if (entered > first && entered < hour) {
          members++
          hours.add(entered)
        }
        if (entered !== hour) continue
        if (dimension === 'refused_route') refused++
        else called++
      }
    }
  }
  return { routes: refused + (isSettled ? called : 0), refused, members, k: hours.size }
}

/** The first hour of the four weeks in which a call was learned. */
function firstHourOf({ activity: { hours } }: TokenProfile): number {
  for (let at = 0; at < hoursIn(hours); at++) if (learnedAt(hours, at) > 0) return hourAt(hours, at) as number
  return Number.POSITIVE_INFINITY
}

/** Calls of this hour so far, and of the four weeks before it. */
function callsAround(profile: TokenProfile, hour: number) {
  let before = 0
  let now = 0
  const { hours } = profile.activity
  for (let at = 0; at < hoursIn(hours); at++) {
    const of = hourAt(hours, at) as number
    if (of < hour) before += callsAt(hours, at)
    else if (of === hour) now = callsAt(hours, at)
  }
  return { before, now }
}
