/**
 * How a token stands to the source of one of its calls: was it ever seen there, and does it mean anything that it was
 * not? For a phone or a pool of build machines another address is no news; for a server it is.
 */
import type { AccessEvent } from '../event.ts'
import { activeHours } from '../profile/activity.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { takeInHand } from '../profile/in-hand.ts'
import { noveltyOf, sourceNoveltyOf } from '../profile/novelty.ts'
import type { PeerSnapshot } from '../profile/peers.ts'
import { type TokenProfile, hasHistory } from '../profile/profile.ts'
import { networkOf, recentSources } from '../profile/turns.ts'
import { enteredAtMs } from '../profile/values.ts'
import type { TokenRegistry } from '../registry/registered-token.ts'
import { DAY_MS } from '../settings.ts'

/** Levels of the network chain below its country, by which sources are counted, narrowest first. */
export const SOURCE_LEVELS = ['address', 'prefix', 'network'] as const
export type SourceLevel = (typeof SOURCE_LEVELS)[number]

/** Their places in the chain. */
export const CHAIN_LEVEL: Readonly<Record<SourceLevel, number>> = { address: 3, prefix: 2, network: 1 }

/** What is asked of a call when sources are counted. */
export type CountedEvent = Pick<
  AccessEvent,
  'timeMs' | 'tokenId' | 'status' | 'network' | 'prefix' | 'address' | 'tenant'
>
/** What is asked of it when they are told of. */
export type SourceEvent = Pick<
  AccessEvent,
  | 'eventId'
  | 'timeMs'
  | 'tokenId'
  | 'tokenName'
  | 'tenant'
  | 'status'
  | 'ip'
  | 'country'
  | 'network'
  | 'networkName'
  | 'prefix'
  | 'address'
  | 'position'
>

export interface Sight {
  /** Place in the chain of the topmost level at which the token was never seen before; 4 when it knows the address. */
  readonly newLevel: number
  /** It has known the address for more than a day. */
  readonly isRegular: boolean
  /** It worked in too few hours to say what is normal for it, or was never seen at all. */
  readonly isYoung: boolean
  /** It was never seen at all. */
  readonly isUnknown: boolean
  /** The source is a surprise by the token's own history. */
  readonly isSurprised: boolean
  /** Whether the program that made the call is new to the token as well; undefined where that cannot be said. */
  readonly isNewClient: boolean | undefined
  /** The network where the token was seen last before, '' for none. */
  readonly home: string
}

/** Whose a token is: what the registry says, else what its calls say. Absent strings are ''. */
export interface Holder {
  readonly tenant: string
  readonly owner: string
}

export function holderOf(event: Pick<SourceEvent, 'tokenId' | 'tenant'>, registry: Pick<TokenRegistry, 'of'>): Holder {
  const registered = registry.of(event.tokenId)
  return { tenant: registered?.tenant || event.tenant, owner: registered?.owner ?? '' }
}

const KNOWN_LEVELS = 4
/** From so many active hours on a token may be surprised at all. */
const HOURS_MIN = 8
/** From so many bits by its own history on a source is a surprise to a token. */
const SURPRISE_BITS = 3

const UNKNOWN: Sight = {
  newLevel: 0,
  isRegular: false,
  isYoung: true,
  isUnknown: true,
  isSurprised: false,
  isNewClient: undefined,
  home: '',
}
/** Of a token that has known the address for more than a day. */
export const AT_HOME: Sight = {
  newLevel: KNOWN_LEVELS,
  isRegular: true,
  isYoung: false,
  isUnknown: false,
  isSurprised: false,
  isNewClient: false,
  home: '',
}
const SETTLING_IN: Sight = { ...AT_HOME, isRegular: false }

/** Undefined for a call without a source that could be counted: none at all, or a cloud service's own name. */
export function sightOf(profile: TokenProfile, event: AccessEvent, peers: PeerSnapshot): Sight | undefined {
  if (event.address === '') return undefined
  if (!hasHistory(profile)) return UNKNOWN
  const row = takeInHand(profile, event).rows.network
  if (row >= 0) return enteredAtMs(profile.learned.network, row) <= event.timeMs - DAY_MS ? AT_HOME : SETTLING_IN
  const novelty = sourceNoveltyOf(profile, event, peers)
  if (novelty === undefined) return SETTLING_IN
  const isYoung = activeHours(profile.activity) < HOURS_MIN
  return {
    newLevel: novelty.level,
    isRegular: false,
    isYoung,
    isUnknown: false,
    isSurprised: !isYoung && novelty.unseenBits >= SURPRISE_BITS,
    home: homeOf(profile),
    isNewClient: isUnauthenticated(event) || event.agent === '' ? undefined : hasNewAgent(profile, event, peers),
  }
}

function homeOf(profile: TokenProfile): string {
  const [latest] = recentSources(profile)
  return latest === undefined ? '' : networkOf(profile, latest.node)
}

function hasNewAgent(profile: TokenProfile, event: AccessEvent, peers: PeerSnapshot): boolean {
  return noveltyOf(profile, 'agent', event, peers)?.level === 0
}

/** Bits of a sight as a number, above its level; the columns of an event row (docs/schema.md). */
const SIGHT = { regular: 8, young: 16, unknown: 32, surprised: 64, judged: 128, newClient: 256 } as const
const NO_SIGHT = 7

/** A sight as the event row holds it. */
export interface PackedSight {
  readonly sight: number
  readonly home: string
}

export function packSight(sight: Sight | undefined): PackedSight {
  if (sight === undefined) return { sight: NO_SIGHT, home: '' }
  const { newLevel, isRegular, isYoung, isUnknown, isSurprised, isNewClient, home } = sight
  const flags =
    (isRegular ? SIGHT.regular : 0) |
    (isYoung ? SIGHT.young : 0) |
    (isUnknown ? SIGHT.unknown : 0) |
    (isSurprised ? SIGHT.surprised : 0) |
    (isNewClient === undefined ? 0 : SIGHT.judged) |
    (isNewClient === true ? SIGHT.newClient : 0)
  return { sight: newLevel | flags, home }
}

export function unpackSight({ sight, home }: PackedSight): Sight | undefined {
  const newLevel = sight & NO_SIGHT
  if (newLevel === NO_SIGHT) return undefined
  const has = (bit: number) => (sight & bit) !== 0
  return {
    newLevel,
    isRegular: has(SIGHT.regular),
    isYoung: has(SIGHT.young),
    isUnknown: has(SIGHT.unknown),
    isSurprised: has(SIGHT.surprised),
    isNewClient: has(SIGHT.judged) ? has(SIGHT.newClient) : undefined,
    home,
  }
}
