/** What a token's own history says of where it is called from. */
import { describe, expect, test } from 'vitest'
import { NO_PEERS } from '../../src/profile/peers.ts'
import { createProfile, learn } from '../../src/profile/profile.ts'
import { MASK, teachable } from '../../src/profile/dimension.ts'
import { EMPTY_REGISTRY, createRegistry } from '../../src/registry/registered-token.ts'
import { holderOf, sightOf } from '../../src/sources/sight.ts'
import { CURL, type Change, NOON_MS, SINGAPORE, call } from '../profile/calls.ts'

const HOUR_MS = 3_600_000
const SETTINGS = { valuesMax: 512, adoptAfterMs: 14 * 24 * HOUR_MS, incidentGapMs: 6 * HOUR_MS }

/** A profile after so many hours with one call each. */
function profileOf(hours: number, changeAt: (hour: number) => Change = () => ({})) {
  const profile = createProfile(call(0).tokenId, SETTINGS)
  for (let hour = 0; hour < hours; hour++) {
    const event = call(NOON_MS + hour * HOUR_MS, changeAt(hour))
    learn(profile, event, teachable(event) | MASK.errors, 0)
  }
  return { profile, nowMs: NOON_MS + hours * HOUR_MS }
}

function see(profile: ReturnType<typeof profileOf>, change: Change) {
  return sightOf(profile.profile, call(profile.nowMs, change), NO_PEERS)
}

describe('a server in one place', () => {
  const server = profileOf(200)

  test('is at home there', () => {
    expect(see(server, {})).toMatchObject({ newLevel: 4, isRegular: true, isSurprised: false })
  })

  test.each([
    ['another country', SINGAPORE, 0],
    ['another network', { network: 'AS6805', prefix: '77.0.21.0/24', address: '77.0.21.5' }, 1],
    ['another prefix', { prefix: '93.184.217.0/24', address: '93.184.217.34' }, 2],
    ['another address', { address: '93.184.216.35' }, 3],
  ] as const)('is surprised by %s, refused there or not', (_, change, newLevel) => {
    const expected = { newLevel, isRegular: false, isSurprised: true, isYoung: false, isUnknown: false, home: 'AS3320' }
    expect(see(server, change)).toMatchObject({ ...expected, isNewClient: false })
    expect(see(server, { ...change, status: 401 })).toMatchObject({ ...expected, isNewClient: undefined })
  })

  test('says whether its client is new as well, where calls name one', () => {
    expect(see(server, { ...SINGAPORE, ...CURL })?.isNewClient).toBe(true)
    expect(see(server, { ...SINGAPORE, agent: '', agentVersion: '' })?.isNewClient).toBeUndefined()
  })
})

test('a client with another address each hour is not surprised by one more', () => {
  const phone = profileOf(200, (hour) => ({ address: `93.184.216.${hour}` }))
  expect(see(phone, { address: '93.184.216.250' })).toMatchObject({ newLevel: 3, isSurprised: false, isYoung: false })
  expect(see(phone, SINGAPORE)).toMatchObject({ newLevel: 0, isSurprised: true })
})

test('an address is known from the first call there, and home after a day', () => {
  const young = profileOf(5)
  expect(see(young, {})).toMatchObject({ newLevel: 4, isRegular: false })
  expect(see(young, SINGAPORE)).toMatchObject({ newLevel: 0, isYoung: true, isSurprised: false })
})

test('an id that was never seen is unknown', () => {
  expect(see(profileOf(0), { status: 401 })).toMatchObject({ newLevel: 0, isUnknown: true, isSurprised: false })
})

test('a call without an address is from nowhere', () => {
  expect(see(profileOf(5), { address: '', sourceClass: 'cloud-service' })).toBeUndefined()
})

test('the registry knows better than a call whose a token is', () => {
  const event = call(NOON_MS)
  expect(holderOf(event, EMPTY_REGISTRY)).toEqual({ tenant: 'acme', owner: '' })
  const token = {
    tokenId: event.tokenId,
    name: '',
    owner: 'kim',
    tenant: 'globex',
    service: '',
    scopes: [],
    environment: '',
    createdAtMs: 0 as never,
    expiresAtMs: 0 as never,
    revokedAtMs: 0 as never,
    compromisedAtMs: 0 as never,
    rotatedFrom: '' as const,
  }
  expect(holderOf(event, createRegistry([token]))).toEqual({ tenant: 'globex', owner: 'kim' })
})
