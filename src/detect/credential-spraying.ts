/**
 * A token that works from a source which has just failed with many others.
 *
 * Attack: someone tries a list of stolen or guessed credentials, and this one is good. Signal: a call that is not refused,
 * from an address or prefix that is new to the token, and that was refused (401; 403 counts half) with other tokens to
 * which it is new as well, or which nobody knows. The source itself, or its whole network, is told of as an incident of
 * its own, before any token works. Bits: those of the source's failures within the hour, the tail of a negative binomial
 * (sources/bits.ts), told in steps of four bits.
 * Blind to: lists tried from a new address each time, or more slowly than a few tokens an hour; credentials that are
 * tried from where their company works.
 */
import { z } from 'zod'
import { holderOf, sightOf } from '../sources/sight.ts'
import { HOUR_MS, count } from '../settings.ts'
import { hourOf } from '../profile/calendar.ts'
import { defineDetector } from './detector.ts'
import { sprayingText, usualFailuresText } from './shared/source-words.ts'
import { newStep } from './shared/step.ts'
import { sourceOf } from './shared/words.ts'
import { explainSpraying } from './shared/source-arithmetic.ts'

export const credentialSpraying = defineDetector({
  name: 'credential-spraying',
  summary: 'A source that fails with many tokens, and a token that works from there.',
  cause: 'company',
  settings: z.strictObject({
    tokensMin: count('A source that fails with fewer tokens within an hour is not told of.').default(3),
  }),
  explain: explainSpraying,
  create: ({ tokensMin }) => ({
    name: 'credential-spraying',
    inspect(event, profile, { sources, peers, registry }) {
      if (event.status === 401 || event.status === 403) return undefined
      const sight = sightOf(profile, event, peers)
      if (sight === undefined || sight.isRegular) return undefined
      const spraying = sources.sprayingOf(event, holderOf(event, registry), sight)
      if (spraying === undefined || spraying.tokens < tokensMin) return undefined
      const step = newStep(profile, 'credential-spraying', hourOf(event.timeMs) * HOUR_MS, spraying.bits)
      if (step === undefined) return undefined
      return {
        ...step,
        seen: `Works from ${sourceOf(event)}, where ${spraying.source} was ${sprayingText(spraying)}`,
        normal: usualFailuresText(spraying),
        numbers: spraying.numbers,
        snapshot: sources.idOf(event),
        isGrave: true,
      }
    },
  }),
})
