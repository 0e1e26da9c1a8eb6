/**
 * A token of one environment that is accepted in another.
 *
 * Attack: a token of a test system, which many know and few guard, opens production; or production's token was copied to
 * where it is not guarded. Signal: the registered environment and that of the event differ. Bits: no statistics; mostly a
 * mistake in someone's configuration, hence a prior of one in 2^14. Told once a month: what goes on is no news.
 * Blind to: environments that neither the registry nor the producer names.
 */
import { z } from 'zod'
import { defineDetector } from './detector.ts'
import { callOf, factBits, monthStartOf, outcomeOf, ownerText, tellOnce } from './shared/fact.ts'
import { priorEquation } from './shared/arithmetic.ts'

const NAME = 'wrong-environment'

export const wrongEnvironment = defineDetector({
  name: NAME,
  summary: 'A token of one environment that is accepted in another.',
  cause: 'fact',
  settings: z.strictObject({
    bits: factBits('Bits of a call that was accepted.', 14),
  }),
  explain: priorEquation,
  create: ({ bits }) => ({
    name: NAME,
    inspect(event, profile, { registry }) {
      if (event.environment === '') return undefined
      const token = registry.of(event.tokenId)
      if (token === undefined || token.environment === '' || token.environment === event.environment) return undefined
      if (stageOf(token.environment) === stageOf(event.environment)) return undefined
      if (outcomeOf(event) !== 'accepted') return undefined
      const told = tellOnce(profile, NAME, monthStartOf(event.timeMs), 1, [bits])
      if (told === undefined) return undefined
      return {
        ...told,
        seen: `Accepted in ${event.environment}: ${callOf(event)}`,
        normal: `A token of ${token.environment}, ${ownerText(token.owner)}`,
        numbers: { status: event.status },
      }
    },
  }),
})

const STAGES: Readonly<Record<string, string>> = {
  prod: 'production',
  prd: 'production',
  live: 'production',
  stage: 'staging',
  stg: 'staging',
  dev: 'development',
  develop: 'development',
  testing: 'test',
  qa: 'test',
}

/** `prod-eu` and `Production` are one: the first word counts. */
function stageOf(environment: string): string {
  const [first = ''] = environment.toLowerCase().split(/[^a-z0-9]+/, 1)
  return Object.hasOwn(STAGES, first) ? (STAGES[first] as string) : first
}
