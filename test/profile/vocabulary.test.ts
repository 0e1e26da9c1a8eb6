/** The vocabulary of chains: one number for each, for as long as anyone needs it. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dropProfile } from '../../src/profile/profile.ts'
import { ROOT, createVocabulary } from '../../src/profile/vocabulary.ts'
import { createSession, foldInto, history, rebuild, smallSettings } from './histories.ts'

const chain = fc
  .array(fc.constantFrom('', 'a', 'b', 'ä', 'a/b', '😀', 'a longer level'), { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('|'))
const chains = fc.array(chain, { maxLength: 200, size: 'max' })

function prefixesOf(all: Iterable<string>): Set<string> {
  return new Set([...all].flatMap((one) => one.split('|').map((_, at, levels) => levels.slice(0, at + 1).join('|'))))
}

describe('a vocabulary', () => {
  test('gives each chain a number of its own, tells it again and knows its ancestors', () => {
    fc.assert(
      fc.property(chains, (all) => {
        const vocabulary = createVocabulary()
        const nodes = new Map(all.map((one) => [one, vocabulary.intern(ROOT.route, one)]))
        expect(new Set(nodes.values()).size).toBe(nodes.size)
        for (const [one, node] of nodes) {
          const levels = one.split('|')
          expect(vocabulary.find(ROOT.route, one)).toBe(node)
          expect(levels.reduce(vocabulary.childOf, ROOT.route)).toBe(node)
          expect(vocabulary.chainText(node)).toBe(one)
          for (const [at, level] of levels.entries()) {
            expect(vocabulary.chainText(vocabulary.ancestorAt(node, at))).toBe(levels.slice(0, at + 1).join('|'))
            expect(vocabulary.levelText(vocabulary.ancestorAt(node, at))).toBe(level)
          }
        }
        expect(vocabulary.size).toBe(prefixesOf(all).size)
      }),
    )
  })

  test('holds what was asked for more often than it was released, with what stands above it', () => {
    const steps = fc.array(fc.tuple(chain, fc.boolean()), { maxLength: 300, size: 'max' })
    fc.assert(
      fc.property(steps, (all) => {
        const vocabulary = createVocabulary()
        const needs = new Map<string, number>()
        for (const [one, isAsked] of all) {
          const count = needs.get(one) ?? 0
          if (isAsked) vocabulary.intern(ROOT.place, one)
          else if (count > 0) vocabulary.release(vocabulary.find(ROOT.place, one))
          needs.set(one, isAsked ? count + 1 : Math.max(0, count - 1))
        }
        const held = [...needs].flatMap(([one, count]) => (count > 0 ? [one] : []))
        for (const one of held) expect(vocabulary.chainText(vocabulary.find(ROOT.place, one))).toBe(one)
        expect(vocabulary.size).toBe(prefixesOf(held).size)
      }),
    )
  })

  test('tells the same chain of different dimensions apart, and knows nothing below what it does not know', () => {
    const vocabulary = createVocabulary()
    vocabulary.intern(ROOT.agent, 'a|b')
    expect(vocabulary.find(ROOT.place, 'a|b')).toBe(0)
    expect(vocabulary.find(ROOT.agent, 'a|c')).toBe(0)
    expect(vocabulary.childOf(vocabulary.childOf(ROOT.agent, 'c'), 'b')).toBe(0)
  })
})

test('a vocabulary has nothing left when all profiles were dropped', () => {
  fc.assert(
    fc.property(history, smallSettings, (events, settings) => {
      const session = createSession()
      foldInto(session, events, settings)
      const again = rebuild(session, settings)
      const profiles = [...session.states.values(), ...again.values()].map(({ profile }) => profile)
      for (const profile of profiles) dropProfile(profile)
      expect(profiles[0]?.shared.vocabulary.size).toBe(0)
    }),
    { numRuns: 30 },
  )
}, 60_000)
