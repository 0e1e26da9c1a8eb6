/** Which call is a return to a source, and which sources are remembered for it. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MINUTE_MS } from '../../src/settings.ts'
import { MASK } from '../../src/profile/dimension.ts'
import { type TokenProfile, createProfile, learn } from '../../src/profile/profile.ts'
import { networkOf, recentSources, turnOf } from '../../src/profile/turns.ts'
import { type Change, NOON_MS, SINGAPORE, call } from './calls.ts'

/** The office, another address of its network, and another network. */
const SOURCES: Readonly<Record<string, Change>> = {
  office: {},
  desk: { address: '93.184.216.35' },
  away: SINGAPORE,
}

function newProfile(valuesMax = 512): TokenProfile {
  return createProfile(call(0).tokenId, { valuesMax, adoptAfterMs: 1, incidentGapMs: 1 })
}

/** Calls as `source@minute`, in the order of the log: whether each is a return, and from where. */
function turnsOf(story: string): (string | undefined)[] {
  const profile = newProfile()
  return story.split(' ').map((word) => {
    const [name = '', minute = ''] = word.split('@')
    const event = call(NOON_MS + Number(minute) * MINUTE_MS, SOURCES[name])
    const found = turnOf(profile, event)
    learn(profile, event, MASK.network, 0)
    return found && `${found.turn} ${networkOf(profile, found.other.node)}`
  })
}

describe('a return', () => {
  test.each([
    ['is a call from a source after one from another', 'office@0 away@1 office@2', 'network AS14061'],
    ['is weaker where both are of one network', 'office@0 desk@1 office@2', 'address AS3320'],
    ['is told of the other network where there were both', 'office@0 away@1 desk@2 office@3', 'network AS14061'],
    ['may take half an hour', 'office@0 away@29 office@30', 'network AS14061'],
    ['takes no longer than that', 'office@0 away@30 office@30.1', undefined],
    ['is none where nobody left', 'away@0 office@1 office@2', undefined],
    ['is none by a move', 'office@0 office@1 away@2', undefined],
    ['is none where the other was there at the very same time', 'office@1 away@1 office@2', undefined],
    ['is no late call from before the last one', 'office@2 away@3 office@1', undefined],
    ['is not brought about by a call from the future', 'office@0 away@9 office@5', undefined],
  ])('%s', (_, story, expected) => {
    expect(turnsOf(story).at(-1)).toBe(expected)
  })
})

describe('the sources remembered', () => {
  const sight = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
    timeMs: fc.integer({ min: 1, max: 6 }),
    isHeld: fc.boolean(),
  })
  const sights = fc.array(sight, { maxLength: 30 })

  function seen(all: readonly { name: string; timeMs: number; isHeld: boolean }[], valuesMax: number) {
    const profile = newProfile(valuesMax)
    for (const { name, timeMs, isHeld } of all) {
      const event = call(timeMs, { network: name, prefix: 'p', address: name })
      learn(profile, event, isHeld ? 0 : MASK.network, isHeld ? MASK.network : 0)
    }
    const { chainText } = profile.shared.vocabulary
    return recentSources(profile).map(({ node, lastMs }) => ({ chain: chainText(node), lastMs }))
  }

  test('are the four with the greatest (last seen, name), in whichever order they were seen, known or in quarantine', () => {
    fc.assert(
      fc.property(sights, fc.integer({ min: 4, max: 8 }), (all, valuesMax) => {
        const last = new Map<string, number>()
        for (const { name, timeMs } of all) {
          const chain = `DE|${name}|p|${name}`
          last.set(chain, Math.max(timeMs, last.get(chain) ?? 0))
        }
        const expected = [...last]
          .map(([chain, lastMs]) => ({ chain, lastMs }))
          .sort((a, b) => b.lastMs - a.lastMs || (a.chain > b.chain ? -1 : 1))
          .slice(0, 4)
        expect(seen(all, valuesMax)).toEqual(expected)
      }),
    )
  })
})
