/** Which call is a return to a source, and which sources are remembered for it. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MINUTE_MS } from '../../src/settings.ts'
import { type RecentSource, networkOf, seeSource, turnOf } from '../../src/profile/turns.ts'
import { type ValueTable, seeValue } from '../../src/profile/values.ts'
import { type Change, NOON_MS, SINGAPORE, call } from './calls.ts'

/** The office, another address of its network, and another network. */
const SOURCES: Readonly<Record<string, Change>> = {
  office: {},
  desk: { address: '93.184.216.35' },
  away: SINGAPORE,
}

/** Calls as `source@minute`, in the order of the log: whether each is a return, and from where. */
function turnsOf(story: string): (string | undefined)[] {
  const recent: RecentSource[] = []
  return story.split(' ').map((word) => {
    const [name = '', minute = ''] = word.split('@')
    const event = call(NOON_MS + Number(minute) * MINUTE_MS, SOURCES[name])
    const found = turnOf(recent, event)
    const chain = `${event.country}|${event.network}|${event.prefix}|${event.address}`
    seeSource(recent, chain, event.timeMs)
    return found && `${found.turn} ${networkOf(found.other.chain)}`
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
    chain: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g').map((name) => `DE|${name}|p|${name}`),
    timeMs: fc.integer({ min: 1, max: 6 }),
  })
  const sights = fc.array(sight, { maxLength: 30 })

  function seen(all: readonly { chain: string; timeMs: number }[]): RecentSource[] {
    const recent: RecentSource[] = []
    for (const { chain, timeMs } of all) seeSource(recent, chain, timeMs)
    return recent
  }

  test('are the four with the greatest (last seen, name), in whichever order they were seen', () => {
    fc.assert(
      fc.property(sights, (all) => {
        const last = new Map<string, number>()
        for (const { chain, timeMs } of all) last.set(chain, Math.max(timeMs, last.get(chain) ?? 0))
        const expected = [...last]
          .map(([chain, lastMs]) => ({ chain, lastMs }))
          .sort((a, b) => b.lastMs - a.lastMs || (a.chain > b.chain ? -1 : 1))
          .slice(0, 4)
        expect(seen(all)).toEqual(expected)
      }),
    )
  })

  test('can be told from any table of values that holds four or more', () => {
    fc.assert(
      fc.property(sights, fc.integer({ min: 4, max: 6 }), (all, valuesMax) => {
        const table: ValueTable = new Map()
        for (const { chain, timeMs } of all) seeValue(table, chain, timeMs, valuesMax)
        expect(seen([...table].map(([chain, { lastMs }]) => ({ chain, timeMs: lastMs })))).toEqual(seen(all))
      }),
    )
  })
})
