/** Sources counted as the fold goes: all that is known of them in a replay without a database. */
import type { TokenId } from '../event.ts'
import { arrivalBits, failureBits } from './bits.ts'
import { CHAIN_LEVEL, type CountedEvent, type Holder, SOURCE_LEVELS, type Sight, type SourceLevel } from './sight.ts'
import { type SourceTable, createSourceTable } from './source-table.ts'
import type { Sharing, SourceSnapshot, Spraying } from './snapshot.ts'
import {
  COMPANIES_MAX,
  type Newcomer,
  type NewcomerTally,
  type Source,
  addCompany,
  addFailure,
  addNewcomer,
  admittedTokens,
  isWithinHour,
  slotOf,
  tallyFailures,
  tallyNewcomers,
} from './source.ts'

/** Sources remembered on each level: those seen last. */
const SOURCES_MAX = 100_000
/** What a 403 weighs beside a 401: a client may also earn it by what it asks for. */
const FORBIDDEN_WEIGHT = 0.5
/** Tokens that are named as let in. */
const ADMITTED_TOLD = 3
/** A wider source is told of only where it says so much more. */
const WIDER_BITS = 4

/** What the source of an event comes to with it, where the event adds to that. */
export interface Learned {
  readonly spraying: Spraying | undefined
  readonly sharing: Sharing | undefined
}

export interface MemorySources extends SourceSnapshot {
  learn(event: CountedEvent, sight: Sight, holder: Holder): Learned
}

/** Behind a whole network there are always many tokens: it may fail with many, but that says nothing of one more. */
function isNarrow({ level }: Place): boolean {
  return level !== 'network'
}

/** One level of the source of a call. */
interface Place {
  readonly level: SourceLevel
  readonly key: string
  readonly table: SourceTable
}

/**
 * @param adoptAfterMs when an hour that was told of teaches what is usual after all.
 * @param calmHours hours of sources in which nothing was seen that is not told anew.
 */
export function createMemorySources(adoptAfterMs: number, sourcesMax = SOURCES_MAX, calmHours = 0): MemorySources {
  const create = () => createSourceTable(sourcesMax, adoptAfterMs, calmHours)
  const tables: Record<SourceLevel, SourceTable> = { address: create(), prefix: create(), network: create() }
  let slotInHand = 0

  function placesOf(event: CountedEvent): Place[] {
    const { address, prefix, network } = event
    if (address === '') return []
    const places: Place[] = [
      { level: 'address', key: address, table: tables.address },
      { level: 'prefix', key: prefix, table: tables.prefix },
    ]
    // Without a database of networks the prefix stands for them.
    if (network !== prefix) places.push({ level: 'network', key: network, table: tables.network })
    return places
  }

  return {
    idOf: () => 'memory',
    sprayingOf(event, holder, sight) {
      const { tokenId, timeMs } = event
      const found = placesOf(event).map((place) => {
        const { table, key, level } = place
        if (!isNarrow(place)) return undefined
        const source = table.get(key)
        if (source?.failures === undefined || isHome(source, holder)) return undefined
        const weighed = weighFailures(place, slotOf(timeMs), tokenId)
        if (weighed === undefined || source.newcomers?.has(tokenId) === true) return weighed
        return isStranger(level, sight) ? weighed : undefined
      })
      return tellingOf(found)
    },
    sharingOf(event, holder, sight) {
      const { tokenId, timeMs } = event
      const slot = slotOf(timeMs)
      const found = placesOf(event).map((place) => {
        const source = place.table.get(place.key)
        if (source?.newcomers === undefined) return undefined
        const newcomer = newcomerOf(place.level, slot, sight, holder)
        const isOne = newcomer?.isSurprised ?? source.newcomers.get(tokenId)?.isSurprised
        return isOne === true ? weighNewcomers(place, slot, newcomer && { tokenId, newcomer }) : undefined
      })
      return tellingOf(found)
    },
    learn(event, sight, holder) {
      const slot = slotOf(event.timeMs)
      if (slot > slotInHand) {
        for (const level of SOURCE_LEVELS) tables[level].moveOn(slot)
        slotInHand = slot
      }
      const places = placesOf(event)
      const failing = places.map((place) => learnFailure(place, event, sight))
      const arriving = places.map((place) => learnNewcomer(place, event, sight, holder))
      return { spraying: tellingOf(failing), sharing: tellingOf(arriving) }
    },
  }
}

function learnFailure(place: Place, { timeMs, status, tokenId }: CountedEvent, sight: Sight): Spraying | undefined {
  const slot = slotOf(timeMs)
  const source = place.table.touch(place.key, slot)
  if ((status !== 401 && status !== 403) || !isWithinHour(source.slot, slot)) return undefined
  if (!isStranger(place.level, sight)) return undefined
  const weight = status === 401 ? 1 : FORBIDDEN_WEIGHT
  const isMore = addFailure(source, tokenId, { slot, weight, isUnknown: sight.isUnknown })
  return isMore ? weighFailures(place, slot) : undefined
}

function learnNewcomer(place: Place, event: CountedEvent, sight: Sight, holder: Holder): Sharing | undefined {
  const slot = slotOf(event.timeMs)
  const source = place.table.touch(place.key, slot)
  if (sight.isRegular) addCompany(source, holder.tenant)
  if (event.status === 401 || !isWithinHour(source.slot, slot)) return undefined
  const newcomer = newcomerOf(place.level, slot, sight, holder)
  if (newcomer === undefined) return undefined
  return addNewcomer(source, event.tokenId, newcomer) ? weighNewcomers(place, slot) : undefined
}

function weighFailures({ level, key, table }: Place, slot: number, except?: TokenId): Spraying | undefined {
  const source = table.get(key)
  if (source === undefined) return undefined
  const at = Math.max(slot, source.slot)
  const tally = tallyFailures(source, at, except)
  if (tally.tokens < 2) return undefined
  const admitted = admittedTokens(source, at)
  const weighed = failureBits(tally, admitted.length, source.sums, table.habits)
  const { tokens, unknown } = tally
  return { ...weighed, level, source: key, tokens, unknown, admitted: admitted.toSorted().slice(0, ADMITTED_TOLD) }
}

function weighNewcomers(
  place: Place,
  slot: number,
  more?: { readonly tokenId: TokenId; readonly newcomer: Newcomer },
): Sharing | undefined {
  const { level, key, table } = place
  const source = table.get(key)
  if (source === undefined || !isNarrow(place)) return undefined
  if (source.companies.length >= COMPANIES_MAX) return undefined
  const tally: NewcomerTally = tallyNewcomers(source, Math.max(slot, source.slot), more)
  return tally.tokens < 2 ? undefined : { ...tally, ...arrivalBits(tally, table.habits), level, source: key }
}

/** Everybody's, or that of the token's own company. */
function isHome({ companies }: Source, { tenant }: Holder): boolean {
  return companies.length >= COMPANIES_MAX || companies.includes(tenant)
}

/** A token that has no business there: it has habits, and this is none of them, or nobody knows it well. */
function isStranger(level: SourceLevel, { newLevel, isSurprised, isYoung }: Sight): boolean {
  return newLevel <= CHAIN_LEVEL[level] && (isSurprised || isYoung)
}

function newcomerOf(level: SourceLevel, slot: number, sight: Sight, holder: Holder): Newcomer | undefined {
  if (sight.newLevel > CHAIN_LEVEL[level]) return undefined
  const { isSurprised, isNewClient, home } = sight
  return { slot, isSurprised, isNewClient, home, ...holder }
}

/** The narrowest source that tells nearly as much as the wider ones. */
function tellingOf<T extends { readonly bits: number }>(found: readonly (T | undefined)[]): T | undefined {
  let best: T | undefined
  for (const one of found)
    if (one !== undefined && (best === undefined || one.bits >= best.bits + WIDER_BITS)) best = one
  return best
}
