/**
 * Whether everyone who calls a service, or all of a tenant, do more or less than usual just now: a launch, a holiday, an
 * outage. Counted as the fold goes, as of the last full hour of event time, so that the order of events within an hour
 * decides nothing.
 *
 * Each peer's hour is set against its own same hour of the day before and the week before, its last 24 hours against
 * those a week before. What half of the peers at least exceed is the surge, so that one loud token is none.
 */
import type { AccessEvent } from '../event.ts'
import { hourOf } from './calendar.ts'

const WEEK = 7 * 24
/** Hours of a peer that are remembered: a week and a day before the last 24. */
const HOURS_KEPT = WEEK + 26
/** Peers that are asked of a group: the first that were seen. */
const PEERS_MAX = 48
/** Fewer make no surge. One of them may be the token itself, which counts as one that is not in it. */
const PEERS_MIN = 6
/** Where a peer is expected to make fewer calls, it says nothing. */
const HOUR_EXPECTED_MIN = 3
const DAY_EXPECTED_MIN = 10

/** How many times as much as usual: of the last full hour, and of the 24 that end with it. */
export interface Surge {
  readonly hour: number
  readonly day: number
}

export const NO_SURGE: Surge = { hour: 1, day: 1 }

export interface Surges {
  learn(event: AccessEvent): void
  /** Of the two groups the one that strays further. */
  of(event: AccessEvent): Surge
}

interface Peer {
  readonly since: number
  /** By hour, modulo their number, up to `newest`. */
  readonly counts: Uint32Array
  newest: number
}

interface Group {
  readonly peers: Map<string, Peer>
  /** What was last told, and as of which hour. */
  hour: number
  surge: Surge
}

export const NO_SURGES: Surges = { learn: () => {}, of: () => NO_SURGE }

export function createSurges(): Surges {
  const byService = new Map<string, Group>()
  const byTenant = new Map<string, Group>()
  let now = 0

  function learnIn(groups: Map<string, Group>, key: string, { tokenId }: AccessEvent, hour: number): void {
    if (key === '') return
    let group = groups.get(key)
    if (group === undefined) groups.set(key, (group = { peers: new Map(), hour: 0, surge: NO_SURGE }))
    let peer = group.peers.get(tokenId)
    if (peer === undefined) {
      if (group.peers.size >= PEERS_MAX) return
      peer = { since: hour, counts: new Uint32Array(HOURS_KEPT), newest: hour }
      group.peers.set(tokenId, peer)
    }
    count(peer, hour)
  }

  function surgeOf(group: Group | undefined): Surge {
    if (group === undefined || group.peers.size < PEERS_MIN) return NO_SURGE
    if (group.hour !== now) {
      group.hour = now
      group.surge = surgeAmong([...group.peers.values()], now - 1)
    }
    return group.surge
  }

  return {
    learn(event) {
      const hour = hourOf(event.timeMs)
      now = Math.max(now, hour)
      learnIn(byService, event.service, event, hour)
      learnIn(byTenant, event.tenant, event, hour)
    },
    of({ service, tenant }) {
      const ofService = surgeOf(byService.get(service))
      const ofTenant = surgeOf(byTenant.get(tenant))
      return { hour: further(ofService.hour, ofTenant.hour), day: further(ofService.day, ofTenant.day) }
    },
  }
}

function further(one: number, other: number): number {
  return Math.abs(Math.log(other)) > Math.abs(Math.log(one)) ? other : one
}

function count(peer: Peer, hour: number): void {
  if (hour <= peer.newest - HOURS_KEPT || hour < peer.since) return
  if (hour > peer.newest) {
    if (hour - peer.newest >= HOURS_KEPT) peer.counts.fill(0)
    else for (let empty = peer.newest + 1; empty <= hour; empty++) peer.counts[empty % HOURS_KEPT] = 0
    peer.newest = hour
  }
  peer.counts[hour % HOURS_KEPT] = callsAt(peer, hour) + 1
}

function callsAt({ counts, newest }: Peer, hour: number): number {
  return hour > newest || hour <= newest - HOURS_KEPT ? 0 : (counts[hour % HOURS_KEPT] as number)
}

function callsIn(peer: Peer, last: number, hours: number): number {
  let sum = 0
  for (let hour = last - hours + 1; hour <= last; hour++) sum += callsAt(peer, hour)
  return sum
}

function surgeAmong(peers: readonly Peer[], last: number): Surge {
  const hours: number[] = []
  const days: number[] = []
  for (const peer of peers) {
    const first = peer.since + 2
    if (first > last - WEEK) continue
    const usual = (callsIn(peer, last - 23, 3) + callsIn(peer, last - WEEK + 1, 3)) / 6
    if (usual >= HOUR_EXPECTED_MIN) hours.push((callsAt(peer, last) + 1) / (usual + 1))
    if (first > last - WEEK - 24) continue
    const usualDay = callsIn(peer, last - WEEK, 24)
    if (usualDay >= DAY_EXPECTED_MIN) days.push((callsIn(peer, last, 24) + 1) / (usualDay + 1))
  }
  return { hour: half(hours), day: half(days) }
}

/** What half of all but one at least exceed; or what half of them at least stay below. 1 where neither is so. */
function half(ratios: number[]): number {
  const n = ratios.length
  if (n < PEERS_MIN) return 1
  ratios.sort((a, b) => a - b)
  const above = ratios[Math.ceil(n / 2) - 1] as number
  const below = ratios[Math.floor(n / 2)] as number
  if (above > 1) return above
  return below < 1 ? below : 1
}
