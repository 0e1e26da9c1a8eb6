/** What peers say of a value that is new to one token, and how a replay counts them. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AccessEvent } from '../../src/event.ts'
import { createMemoryPeers } from '../../src/profile/memory-peers.ts'
import type { Novelty } from '../../src/profile/novelty.ts'
import { NO_PEERS, type PeerSnapshot, REACHES, type ReachCounts, reachBits } from '../../src/profile/peers.ts'
import { MINUTE_MS } from '../../src/settings.ts'
import { NOON_MS, call } from './calls.ts'

/** Peers that met so many changes of each reach. */
function changed(counts: ReachCounts): PeerSnapshot {
  return { ...NO_PEERS, id: 'counted', changesOf: () => counts }
}

const LEVELS = [
  ['network', 0],
  ['network', 1],
  ['network', 2],
  ['agent', 0],
  ['agent', 1],
  ['route', 0],
  ['route', 1],
  ['route', 2],
] as const

describe('the bits of a reach', () => {
  test('are none without peers, and none of what peers are not asked about', () => {
    for (const reach of REACHES) {
      for (const [dimension, level] of LEVELS) expect(reachBits(NO_PEERS, dimension, level, reach)).toBeCloseTo(0, 12)
      const counts = changed({ tenant: 1000, anyone: 0, nobody: 0 })
      expect(reachBits(counts, 'network', 3, reach)).toBe(0)
      expect(reachBits(counts, 'place', 0, reach)).toBe(0)
      expect(reachBits(counts, 'refused_route', 1, reach)).toBe(0)
    }
  })

  test('are log2 of P(reach | attack) / P(reach | change), the latter counted with a prior of 20 changes', () => {
    const counts = { tenant: 60, anyone: 20, nobody: 0 }
    // P(reach | attack) of a new country: 0.2, 0.5 and 0.3.
    const expected = { tenant: 0.2 / (64 / 100), anyone: 0.5 / (30 / 100), nobody: 0.3 / (6 / 100) }
    for (const reach of REACHES)
      expect(reachBits(changed(counts), 'network', 0, reach)).toBeCloseTo(Math.log2(expected[reach]), 9)
  })

  test('lie between -6 and 4, whatever was counted, and fall as more changes of that reach are met', () => {
    const counts = fc.record({ tenant: fc.nat(1_000_000), anyone: fc.nat(1_000_000), nobody: fc.nat(1_000_000) })
    fc.assert(
      fc.property(
        counts,
        fc.constantFrom(...LEVELS),
        fc.constantFrom(...REACHES),
        (counts, [dimension, level], reach) => {
          const bits = reachBits(changed(counts), dimension, level, reach)
          expect(bits).toBeGreaterThanOrEqual(-6)
          expect(bits).toBeLessThanOrEqual(4)
          const more = reachBits(changed({ ...counts, [reach]: counts[reach] + 1000 }), dimension, level, reach)
          expect(more).toBeLessThanOrEqual(bits)
        },
      ),
    )
  })
})

describe('peers that are counted as a replay goes', () => {
  const TEN_MINUTES_MS = 10 * MINUTE_MS

  /** A token of a tenant that learned an endpoint: new at the level of the route, after so many active hours. */
  function learned(windowOfTime: number, tenant: string, route: string, n: number): [AccessEvent, Novelty[]] {
    const event = call(NOON_MS + windowOfTime * TEN_MINUTES_MS, { tenant, route })
    const levels = ['reports', route, 'GET']
    const novelty = { dimension: 'route', level: 1, levels, n, bits: 5, reach: 'anyone' } as Partial<Novelty>
    return [event, [novelty as Novelty]]
  }

  test('know in the next ten minutes what was learned in these, and whose it was', () => {
    const peers = createMemoryPeers()
    const reach = (tenant: string) => peers.reachOf('route', 'reports|/export|', tenant)
    peers.learn(...learned(0, 'acme', '/export', 100))
    expect(reach('acme')).toBe('nobody')
    peers.learn(...learned(1, 'acme', '/other', 100))
    expect(reach('acme')).toBe('tenant')
    expect(reach('globex')).toBe('anyone')
    expect(peers.reachOf('route', 'reports|/export|GET', 'acme')).toBe('tenant')
    expect(peers.reachOf('route', 'reports|/exp|', 'acme')).toBe('nobody')
  })

  test('count as changes only what tokens with a day of history met', () => {
    const peers = createMemoryPeers()
    peers.learn(...learned(0, 'acme', '/export', 23))
    peers.learn(...learned(0, 'acme', '/import', 24))
    expect(peers.changesOf('route', 1)).toEqual({ tenant: 0, anyone: 0, nobody: 0 })
    peers.learn(...learned(1, 'acme', '/other', 0))
    expect(peers.changesOf('route', 1)).toEqual({ tenant: 0, anyone: 1, nobody: 0 })
    expect(peers.changesOf('route', 0)).toEqual({ tenant: 0, anyone: 0, nobody: 0 })
  })

  test('say the same in whichever order the tokens of ten minutes came', () => {
    const one = fc.record({
      tenant: fc.constantFrom('acme', 'globex', ''),
      route: fc.constantFrom('/a', '/b', '/c', '/d'),
      n: fc.constantFrom(0, 100),
    })
    const orders = fc
      .array(one, { minLength: 1, maxLength: 20 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    const askAll = (all: readonly { tenant: string; route: string; n: number }[]) => {
      const peers = createMemoryPeers()
      peers.learn(...learned(0, 'acme', '/a', 100))
      const answers: unknown[] = []
      for (const window of [1, 2]) {
        peers.learn(...learned(window, 'acme', '/a', 100))
        if (window === 1) for (const { tenant, route, n } of all) peers.learn(...learned(1, tenant, route, n))
        for (const tenant of ['acme', 'globex', ''])
          for (const route of ['/a', '/b', '/c', '/d'])
            answers.push(peers.reachOf('route', `reports|${route}|`, tenant), peers.changesOf('route', 1))
      }
      return answers
    }
    fc.assert(
      fc.property(orders, ([all, shuffled]) => {
        expect(askAll(shuffled)).toEqual(askAll(all))
      }),
    )
  })
})
