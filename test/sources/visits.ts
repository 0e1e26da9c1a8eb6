/** Calls of tokens from sources where they are at home, or not, for tests of what sources do. */
import type { AccessEvent } from '../../src/event.ts'
import type { Learned, MemorySources } from '../../src/sources/memory-sources.ts'
import type { Sight } from '../../src/sources/sight.ts'
import { NOON_MS, SINGAPORE, call } from '../profile/calls.ts'

/** A settled token that was never in this country. */
export const STRANGER: Sight = {
  newLevel: 0,
  isRegular: false,
  isYoung: false,
  isUnknown: false,
  isSurprised: true,
  isNewClient: true,
  home: 'AS3320',
}
/** A token that has been used from here for long. */
export const REGULAR: Sight = { ...STRANGER, newLevel: 4, isRegular: true, isSurprised: false, isNewClient: false }
/** An id that nobody has ever seen. */
export const NOBODY: Sight = { ...STRANGER, isYoung: true, isUnknown: true, isSurprised: false, home: '' }
/** A phone in another place: it always is. */
export const PHONE: Sight = { ...STRANGER, newLevel: 3, isSurprised: false, isNewClient: false }
/** A client that its company has moved to another network. */
export const MOVED: Sight = { ...STRANGER, newLevel: 1, isNewClient: false }

export interface Visit {
  readonly tokenId: string
  readonly sight: Sight
  readonly status?: number
  readonly atMs?: number
  readonly address?: string
  readonly network?: string
  readonly tenant?: string
  readonly owner?: string
}

export function eventOf(one: Visit): AccessEvent {
  const {
    tokenId,
    status = 200,
    atMs = 0,
    address = SINGAPORE.address,
    network = SINGAPORE.network,
    tenant = 'acme',
  } = one
  const prefix = `${address.slice(0, address.lastIndexOf('.'))}.0/24`
  return call(NOON_MS + atMs, { ...SINGAPORE, ip: address, address, prefix, network, tokenId, status, tenant })
}

export function visit(sources: MemorySources, one: Visit): Learned {
  const { sight, tenant = 'acme', owner = '' } = one
  return sources.learn(eventOf(one), sight, { tenant, owner })
}

/** So many sources, each visited in one hour by a token of its own: a calm estate before noon. */
export function calmHours(sources: MemorySources, sourceHours: number): void {
  const perHour = 100
  const hours = Math.ceil(sourceHours / perHour)
  for (let at = 0; at <= hours; at++) {
    for (let nth = 0; nth < perHour; nth++) {
      const address = `198.51.${nth}.7`
      const network = `AS${nth}`
      const atMs = (at - hours - 1) * 3_600_000
      visit(sources, { tokenId: `calm-${nth}`, sight: REGULAR, atMs, address, network })
    }
  }
}
