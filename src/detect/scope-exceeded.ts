/**
 * A token that is let do what its registered scopes do not cover.
 *
 * Attack: whoever holds a stolen token tries what lies beyond its purpose, and an access check fails or was never made.
 * Signal: the call was accepted, no scope covers it by the rules or by the convention (registry/scopes.ts), and it is
 * new to the token. Lists of scopes are often wrong, and issuers name things their own way; so the token's own habit
 * decides: of the two readings of its scopes the one counts that fits its known calls better, and nothing is said
 * unless at least one of these lies inside. Bits: of m known calls k lie outside, so the next new one does with
 * probability (k + 2^-bits) / (m + 1), the mean of a beta posterior whose prior has the weight of one call and the mean
 * 2^-bits. A token that never went outside pays log2(m + 1) above `bits`; one that often does pays next to nothing. What
 * was met before today counts among the m and k even in quarantine: otherwise a list with a gap would be told every day.
 * Blind to: refused calls, which error-burst sees; tokens without scopes or with one that follows neither rule nor
 * convention; a token's first calls.
 */
import { z } from 'zod'
import { CONVENTIONS, type Call, type Convention, type ScopeCheck, createScopeCheck } from '../registry/scopes.ts'
import type { TokenProfile } from '../profile/profile.ts'
import type { RegisteredToken } from '../registry/registered-token.ts'
import { defineDetector } from './detector.ts'
import { callOf, dayStartMs, factBits, outcomeOf, tellOnce } from './shared/fact.ts'
import { callsBefore, knowsRoute } from './shared/habit.ts'
import { bitsEquation, bounded, num } from './shared/arithmetic.ts'

const NAME = 'scope-exceeded'
const SCOPES_SHOWN = 8

const rule = z
  .strictObject({
    scope: z.string().min(1).describe('The scope as the registry has it.'),
    methods: z.array(z.string().min(1)).default([]).describe('Methods that it covers; none stands for all.'),
    routes: z
      .array(z.string().min(1))
      .min(1)
      .describe('Routes that it covers: `*` and `{id}` stand for one segment, a last `**` for all that follow.'),
  })
  .describe('What one scope covers. A scope may have several rules.')

export const scopeExceeded = defineDetector({
  name: NAME,
  summary: 'A token that is let do what its registered scopes do not cover.',
  cause: 'fact',
  settings: z.strictObject({
    bits: factBits('One in two to this many new calls of a token lies outside of its scopes without an attack.', 8),
    bitsMax: factBits('Bits that one call is worth at most.', 12),
    rules: z
      .array(rule)
      .default([])
      .describe('What scopes cover where the convention `resource:read|write` does not say it; see rulesFile.'),
    rulesFile: z
      .string()
      .min(1)
      .optional()
      .describe('YAML or JSON file with a list of further `rules`, read with the configuration.'),
  }),
  explain(found) {
    const { inside = 0, outside = 0, priorBits = 0 } = found.numbers
    const value = Math.log2((inside + outside + 1) / (outside + 2 ** -priorBits))
    const expression = `log2((${inside} + ${outside} + 1) / (${outside} + ${num(2 ** -priorBits)}))`
    return bitsEquation(bounded(expression, value, found), found)
  },
  create: ({ bits, bitsMax, rules }, { findingBitsMin }) => {
    const scopes = createScopeCheck(rules)
    const habitFor = rememberHabit((profile, token, dayMs) => habitOf(scopes, token, callsBefore(profile, dayMs)))
    return {
      name: NAME,
      inspect(event, profile, { registry }) {
        const token = registry.of(event.tokenId)
        if (token === undefined || token.scopes.length === 0 || outcomeOf(event) !== 'accepted') return undefined
        const dayMs = dayStartMs(event.timeMs)
        // Told today: a token in quarantine learns no route, and its habit would be weighed again with each call.
        if ((profile.raised.get(NAME)?.bucketMs ?? -1) >= dayMs) return undefined
        const coverages = scopes.coveragesOf(token, event)
        if (coverages.route !== 'outside' && coverages.service !== 'outside') return undefined
        if (knowsRoute(profile, event)) return undefined
        const habit = habitFor(profile, token, dayMs)
        if (habit.inside === 0 || coverages[habit.convention] !== 'outside') return undefined
        const { inside, outside } = habit
        const surprise = Math.log2((inside + outside + 1) / (outside + 2 ** -bits))
        if (surprise < findingBitsMin) return undefined
        const told = tellOnce(profile, NAME, dayMs, 1, [Math.min(bitsMax, surprise)])
        if (told === undefined) return undefined
        const shown = token.scopes.slice(0, SCOPES_SHOWN).join(', ')
        return {
          ...told,
          seen: `Accepted outside of its scopes: ${callOf(event)}`,
          normal:
            `Granted ${shown}${token.scopes.length > SCOPES_SHOWN ? ', ...' : ''}; ` +
            `of ${inside + outside} calls that it is known for ${outside} lie outside`,
          numbers: { inside, outside, priorBits: bits },
        }
      },
    }
  },
})

interface Habit {
  readonly convention: Convention
  readonly inside: number
  readonly outside: number
}

type HabitFor = (profile: TokenProfile, token: RegisteredToken, dayMs: number) => Habit

/** The same answer as long as the token learns no other calls: in quarantine it would be made with each call. */
function rememberHabit(of: HabitFor): HabitFor {
  const latest = new WeakMap<TokenProfile, { token: RegisteredToken; dayMs: number; revision: number; habit: Habit }>()
  return (profile, token, dayMs) => {
    const known = latest.get(profile)
    const revision = profile.routesRevision
    if (known?.token === token && known.dayMs === dayMs && known.revision === revision) return known.habit
    const habit = of(profile, token, dayMs)
    latest.set(profile, { token, dayMs, revision, habit })
    return habit
  }
}

/** The reading under which fewest of the known calls lie outside, then most inside; between equals that by routes. */
function habitOf(scopes: ScopeCheck, token: RegisteredToken, known: readonly Call[]): Habit {
  const found = known.map((call) => scopes.coveragesOf(token, call))
  const habits = CONVENTIONS.map((convention) => {
    let inside = 0
    let outside = 0
    for (const { [convention]: coverage } of found) {
      if (coverage === 'inside') inside++
      else if (coverage === 'outside') outside++
    }
    return { convention, inside, outside }
  })
  return habits.reduce((best, one) =>
    one.outside < best.outside || (one.outside === best.outside && one.inside > best.inside) ? one : best,
  )
}
