/** The evaluation's estate: one seed gives one estate, other seeds really others, of the size and mix that is asked for. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '../../../src/settings.ts'
import { createEstate } from '../../../src/simulate/evaluation/estate.ts'
import { TOKEN_KINDS } from '../../../src/simulate/evaluation/habits/index.ts'
import type { EvaluationOptions } from '../../../src/simulate/evaluation/play.ts'
import {
  EVALUATION_DEFAULTS,
  simulate,
  simulatedAbsences,
  simulatedKinds,
  simulatedRegistry,
} from '../../../src/simulate/simulation.ts'

const SMALL: EvaluationOptions = { ...EVALUATION_DEFAULTS, tokens: 60, days: 4 }

function digest(options: EvaluationOptions): string {
  const hash = createHash('sha256')
  for (const item of simulate(options)) hash.update(JSON.stringify(item))
  hash.update(JSON.stringify([simulatedRegistry(options), [...simulatedKinds(options)], simulatedAbsences(options)]))
  return hash.digest('hex')
}

/** Calls that are expected of each token over the whole time, by every third hour, without making any of them. */
function expectedCalls({ clients, world }: ReturnType<typeof createEstate>): readonly number[] {
  const hours = Array.from({ length: world.days * 8 }, (_, at) => world.startMs + at * 3 * HOUR_MS)
  return clients.map((client) => hours.reduce((sum, hourMs) => sum + 3 * client.expected(hourMs), 0))
}

describe('one seed, one estate', () => {
  it('gives the same bytes for the same seed and others for another', () => {
    expect(digest(SMALL)).toBe(digest(SMALL))
    expect(digest({ ...SMALL, seed: 2 })).not.toBe(digest(SMALL))
  })

  it('gives these very bytes on every machine, so that figures measured with it can be measured again', () => {
    expect(digest({ ...SMALL, tokens: 35, days: 2 })).toMatchInlineSnapshot(
      `"0a92c3bab4c24dda294e80f907e34965a4751b993fd9080d0611d2a45acb0157"`,
    )
  })

  it('ends after eventsMax events, the first ones', () => {
    const few = [...simulate({ ...SMALL, eventsMax: 50 })]
    const all = simulate(SMALL)
    expect(few).toEqual(Array.from({ length: 50 }, () => all.next().value))
  })

  it('refuses a start within an hour', () => {
    expect(() => [...simulate({ ...SMALL, startMs: SMALL.startMs + 1 })]).toThrow(RangeError)
  })
})

describe.each([1, 2, 3])('seed %d at full size', (seed) => {
  const estate = createEstate({ ...EVALUATION_DEFAULTS, seed })
  const calls = expectedCalls(estate)

  it('has about 1.5 million events', () => {
    const total = calls.reduce((sum, count) => sum + count, 0)
    expect(total).toBeGreaterThan(1_200_000)
    expect(total).toBeLessThan(1_900_000)
  })

  it('has a heavy tail: a few tokens make most calls, many make a few calls a day', () => {
    const sorted = calls.toSorted((left, right) => right - left)
    const ofLargest = sorted.slice(0, 20).reduce((sum, count) => sum + count, 0)
    expect(ofLargest / sorted.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0.3)
    expect(sorted.filter((count) => count / 35 < 30).length).toBeGreaterThan(100)
  })

  it('has tokens of every kind, each under an id of its own, of ten to twenty tenants', () => {
    expect(new Set(estate.clients.map(({ kind }) => kind))).toEqual(new Set(TOKEN_KINDS))
    expect(new Set(estate.clients.map(({ token }) => token.token_id)).size).toBe(400)
    expect(estate.world.tenants.length).toBeGreaterThanOrEqual(10)
    expect(estate.world.tenants.length).toBeLessThanOrEqual(20)
    expect(estate.world.services.length).toBeGreaterThanOrEqual(8)
  })
})

it('has another style, mix and geography with each seed', () => {
  const worlds = [1, 2, 3, 4, 5, 6].map((seed) => createEstate({ ...EVALUATION_DEFAULTS, seed }))
  const different = (of: (estate: (typeof worlds)[number]) => unknown) => new Set(worlds.map(of)).size
  expect(different(({ world }) => world.style.noise)).toBe(6)
  expect(different(({ world }) => world.tenants.map(({ country }) => country).join())).toBe(6)
  expect(different(({ world }) => world.services.map(({ name }) => name).join())).toBe(6)
  expect(different(({ clients }) => clients.map(({ kind }) => kind).join())).toBe(6)
})

describe('the registry', () => {
  const options = EVALUATION_DEFAULTS
  const entries = simulatedRegistry(options)
  const kinds = simulatedKinds(options)

  it('knows most tokens, and of some hardly anything', () => {
    expect(kinds.size).toBe(400)
    expect(entries.length).toBeGreaterThan(370)
    expect(entries.length).toBeLessThan(400)
    const count = (of: (entry: (typeof entries)[number]) => boolean) => entries.filter(of).length
    expect(count(({ owner }) => owner === '')).toBeGreaterThan(3)
    expect(count(({ scopes }) => scopes.length === 0)).toBeGreaterThan(3)
    expect(count(({ expires_at }) => expires_at === null)).toBeGreaterThan(8)
    expect(count(({ environment }) => environment === 'staging')).toBeGreaterThan(8)
    expect(count(({ created_at }) => Date.parse(created_at) > options.startMs + DAY_MS)).toBeGreaterThan(5)
  })

  it('says which token took over from which', () => {
    const ids = new Set(kinds.keys())
    const young = entries.filter(({ rotated_from }) => rotated_from !== undefined)
    expect(young.length).toBeGreaterThan(5)
    for (const { rotated_from, token_id } of young) {
      expect(ids.has(rotated_from ?? '')).toBe(true)
      expect([kinds.get(token_id), kinds.get(rotated_from ?? '')]).toEqual(['rotated', 'rotated'])
    }
  })
})
