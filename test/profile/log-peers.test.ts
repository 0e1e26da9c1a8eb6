/** What one log knows of peers: its own lessons are counted or looked up, others' come with a snapshot. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TokenId } from '../../src/event.ts'
import { askedOf } from '../../src/profile/asked-peers.ts'
import { packFirsts } from '../../src/profile/firsts.ts'
import { type CountedChanges, createLogPeers } from '../../src/profile/log-peers.ts'
import { createCountedPeers } from '../../src/profile/counted-peers.ts'
import type { Novelty } from '../../src/profile/novelty.ts'
import { NO_PEERS, REACHES, type Reach, windowOf } from '../../src/profile/peers.ts'
import { type TokenProfile, createProfile, learn } from '../../src/profile/profile.ts'
import { MINUTE_MS } from '../../src/settings.ts'
import { PEERS } from './histories.ts'
import { CURL, NOON_MS, SINGAPORE, call } from './calls.ts'

const WINDOW_MS = 10 * MINUTE_MS
const TENANTS = ['acme', 'globex', '']
const ROUTES = ['/a', '/b', '/c']
const EVERYTHING = 1 | 2 | 4 | 8 | 32 | 64

interface Lesson {
  readonly after: number
  readonly tenant: string
  readonly route: string
  readonly n: number
  readonly reach: Reach
}

function lessonAt(timeMs: number, { tenant, route, n, reach }: Lesson) {
  const novelty = { dimension: 'route', level: 1, levels: ['reports', route, 'GET'], n, bits: 5, reach }
  return [call(timeMs, { tenant, route }), [novelty as unknown as Novelty]] as const
}

describe('a log by itself', () => {
  const lesson = fc.record({
    after: fc.constantFrom(0, 1, 7, 30),
    tenant: fc.constantFrom(...TENANTS),
    route: fc.constantFrom(...ROUTES),
    n: fc.constantFrom(10, 100),
    reach: fc.constantFrom(...REACHES),
  })

  test('answers as peers that are counted as the fold goes, wherever blocks and owners change', () => {
    const place = fc.record({ lesson, isNewBlock: fc.boolean(), isNewOwner: fc.boolean() })
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 40 }), (places) => {
        const counted = createCountedPeers()
        // What a database would hold: rows of blocks that are stored.
        const stored: { lesson: Lesson; windowMs: number }[] = []
        let block: typeof stored = []
        let [timeMs, reachedMs] = [NOON_MS, 0]
        let log = createLogPeers(0, [])
        for (const { lesson, isNewBlock, isNewOwner } of places) {
          timeMs += lesson.after * MINUTE_MS
          if (isNewBlock) {
            stored.push(...block)
            block = []
            if (isNewOwner) log = createLogPeers(reachedMs, changesOf(stored))
            log.beginBlock()
            for (const { lesson: known, windowMs } of stored) lookUp(log, stored, known, windowMs)
          }
          counted.begin(timeMs)
          log.begin(timeMs)
          expect(log.windowMs).toBe(counted.windowMs)
          expect(log.changesOf('route', 1)).toEqual(counted.changesOf('route', 1))
          for (const tenant of TENANTS) {
            for (const route of ROUTES) {
              for (const prefix of [`reports|${route}|`, `reports|${route}|GET`]) {
                expect(log.reachOf('route', prefix, tenant)).toBe(counted.reachOf('route', prefix, tenant))
              }
            }
          }
          counted.learn(...lessonAt(timeMs, lesson))
          log.learn(...lessonAt(timeMs, lesson))
          block.push({ lesson, windowMs: windowOf(timeMs) })
          reachedMs = timeMs
        }
      }),
    )
  })

  function changesOf(stored: readonly { lesson: Lesson; windowMs: number }[]): CountedChanges[] {
    return stored
      .filter(({ lesson }) => lesson.n >= 24)
      .map(({ lesson: { reach }, windowMs }) => ({ dimension: 'route', level: 1, reach, windowMs, changes: 1 }))
  }

  function lookUp(
    log: ReturnType<typeof createLogPeers>,
    stored: readonly { lesson: Lesson; windowMs: number }[],
    { tenant, route }: Lesson,
    windowMs: number,
  ): void {
    const own = stored.filter(({ lesson }) => lesson.route === route && lesson.tenant === tenant)
    const first = Math.min(...own.map((row) => row.windowMs), windowMs)
    for (const prefix of [`reports|${route}|`, `reports|${route}|GET`])
      log.know({ dimension: 'route', prefix, isAsked: true, tenant, windowMs: first })
  }
})

describe('other logs', () => {
  test('add what the snapshot says of them, and name it', () => {
    const log = createLogPeers(NOON_MS, [])
    log.see(NOON_MS)
    expect(log.id).toBe('peers 2026-01-15T12:00:00.000Z')
    log.setOthers([
      { dimension: 'agent', level: 0, reach: 'nobody', changes: 3 },
      { dimension: 'agent', level: 0, reach: 'nobody', changes: 4 },
    ])
    expect(log.changesOf('agent', 0)).toEqual({ tenant: 0, anyone: 0, nobody: 7 })
    const known = { dimension: 'agent', prefix: 'curl|', isAsked: false, tenant: '' } as const
    log.know({ ...known, windowMs: NOON_MS })
    expect(log.reachOf('agent', 'curl|', 'acme')).toBe('nobody')
    log.begin(NOON_MS + WINDOW_MS)
    expect(log.reachOf('agent', 'curl|', 'acme')).toBe('anyone')
    log.beginBlock()
    expect(log.reachOf('agent', 'curl|', 'acme')).toBe('nobody')
    expect(log.changesOf('agent', 0)).toEqual({ tenant: 0, anyone: 0, nobody: 0 })
  })
})

describe('what the row of an event says', () => {
  const first = (change: Partial<Novelty>) => ({ n: 100, bits: 1, reach: 'nobody', level: 0, ...change }) as Novelty

  const pack = (all: readonly Novelty[], peers = PEERS) => packFirsts(all, NOON_MS + 1, peers).firsts

  test('is the topmost new level of each dimension, and how far it was known where it is a change', () => {
    const all = [first({ dimension: 'network', level: 2 }), first({ dimension: 'route', reach: 'tenant' })]
    expect(pack(all)).toBe((1 + 4 * 2 + 3) | ((1 + 1) << 4))
    expect(pack([first({ dimension: 'agent', level: 1, n: 23 })])).toBe((1 + 4) << 8)
    expect(pack([first({ dimension: 'agent', level: 1, bits: 0 })])).toBe((1 + 4) << 8)
    expect(pack([first({ dimension: 'agent', level: 1 })], NO_PEERS)).toBe((1 + 4) << 8)
  })

  test('is nothing of single addresses and places', () => {
    expect(pack([first({ dimension: 'network', level: 3 }), first({ dimension: 'place' })])).toBe(0)
  })

  test('names the window as of which peers were asked, without any that of the call', () => {
    expect(packFirsts([], NOON_MS + 1, { ...PEERS, windowMs: 5 }).peerWindowMs).toBe(5)
    expect(packFirsts([], NOON_MS + 1, NO_PEERS).peerWindowMs).toBe(NOON_MS)
  })
})

describe('what may be asked', () => {
  const settings = { valuesMax: 16, adoptAfterMs: 1, incidentGapMs: 1 }

  function known(): TokenProfile {
    const profile = createProfile('tok_office' as TokenId, settings)
    learn(profile, call(NOON_MS), EVERYTHING, 0)
    return profile
  }

  const ask = (profile: TokenProfile, events: Parameters<typeof askedOf>[0], isMarked = false) =>
    askedOf(
      events,
      () => profile,
      () => isMarked,
    ).map(({ prefix }) => prefix)

  test('is nothing while all that a token brings is known to it', () => {
    expect(ask(known(), [call(NOON_MS + 1), call(NOON_MS + 2)])).toEqual([])
    expect(ask(known(), [call(NOON_MS + 1, { tokenId: '' })])).toEqual([])
  })

  test('is all that it brings, down to each shared level, once one thing may be new', () => {
    const office = ['DE|', 'DE|AS3320|', 'DE|AS3320|93.184.216.0/24|']
    const route = ['reports|', 'reports|/v1/reports|', 'reports|/v1/reports|GET']
    const agents = ['reporter|', 'reporter|2.1', 'curl|', 'curl|8.5']
    const asked = ask(known(), [call(NOON_MS + 1), call(NOON_MS + 2, CURL)])
    expect(asked.toSorted()).toEqual([...office, ...route, ...agents].toSorted())
    expect(ask(known(), [call(NOON_MS + 1, SINGAPORE)])).toContain('SG|AS14061|128.199.10.0/24|')
  })

  test('is also what a new month may have taken, or what people said something of', () => {
    expect(ask(known(), [call(NOON_MS + 40 * 24 * 60 * MINUTE_MS)])).toContain('DE|')
    expect(ask(known(), [call(NOON_MS + 1)], true)).toContain('DE|')
  })
})
