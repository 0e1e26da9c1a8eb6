/**
 * What one token normally does. A profile is a fold over the token's events: `inspect` reads it, `learn` changes it,
 * neither reads a clock. Rebuilt from the rollups it is equal to the one folded live (test/integration/rebuild).
 */
import type { AccessEvent, TokenId } from '../event.ts'
import { type Activity, createActivity, markActive, pruneActivity } from './activity.ts'
import { HOURS_KEPT, MONTHS_BACK, hourOf, monthOf } from './calendar.ts'
import { type FiveMinutes, countFiveMinutes, createFiveMinutes, fiveMinutesOf } from './five-minutes.ts'
import { DIMENSIONS, type Dimension, MASK, chainOf, isRateLimited, isRefused, isUnauthenticated } from './dimension.ts'
import { addToHour, hourAt, hoursIn } from './hours.ts'
import { type InHand, createHand, letGo, takeInHand } from './in-hand.ts'
import { type TokenMarks, forgetPassed, isForgotten, passesTombstone } from './marks.ts'
import { type ValueTable, clearTable, createTable, pruneValues, seeValue } from './values.ts'
import { ROOT, type Vocabulary, createVocabulary } from './vocabulary.ts'

/** What the fold of all tokens shares. Changing one of these changes findings. */
export interface ProfileSettings {
  /** Values kept per token and dimension. */
  readonly valuesMax: number
  /** After how long an unchallenged value in quarantine counts as known. */
  readonly adoptAfterMs: number
  /** Findings this close form one incident. */
  readonly incidentGapMs: number
}

/** By dimension. Those without values are one and the same, which is never changed. */
export type ValueTables = Readonly<Record<Dimension, ValueTable>>

/** What all profiles of the same settings have in common. No state of any one of them. */
export interface SharedProfiles {
  readonly vocabulary: Vocabulary
  readonly noTables: ValueTables
  readonly hand: InHand
}

export interface TokenProfile {
  readonly tokenId: TokenId
  readonly settings: ProfileSettings
  readonly shared: SharedProfiles
  /** Greatest event time of the token's own calls, learned or held; 0 for a token without history. */
  nowMs: number
  /** Up to when its history is its predecessor's (handover.ts), 0 where it took over from nobody. */
  handedOnMs: number
  /** Event time of the token's latest finding, 0 for none. */
  lastFindingMs: number
  learned: ValueTables
  held: ValueTables
  readonly activity: Activity
  readonly fine: FiveMinutes
  /** Bucketed detectors: the latest bucket in which each raised something, and the highest step there. */
  raised: ReadonlyMap<string, Raised>
  /** What people said of the token: they come with the block in hand (marks.ts). No state. */
  marks: TokenMarks | undefined
  /** By table: values that were forgotten and keep their places in it (values.ts). Undefined for nearly all tokens. */
  forgotten: Map<ValueTable, ValueTable> | undefined
  /** Counts changes to hours before the latest one, so that what was fitted to them is fitted again. No state. */
  revision: number
  /** Counts changes to the routes that are known, for those who remember what follows from them. No state. */
  routesRevision: number
}

interface Raised {
  readonly bucketMs: number
  readonly step: number
}

const NOTHING_RAISED: TokenProfile['raised'] = new Map()

/** Profiles that are made with the same settings share a vocabulary. */
const sharedBySettings = new WeakMap<ProfileSettings, SharedProfiles>()

function sharedOf(settings: ProfileSettings): SharedProfiles {
  let shared = sharedBySettings.get(settings)
  if (shared === undefined) {
    const vocabulary = createVocabulary()
    const none = createTable(vocabulary)
    const noTables = { network: none, route: none, agent: none, place: none, refused_route: none }
    shared = { vocabulary, noTables, hand: createHand() }
    sharedBySettings.set(settings, shared)
  }
  return shared
}

/** @param marks what people said of the token, for a profile that is about to be filled from what is stored. */
export function createProfile(tokenId: TokenId, settings: ProfileSettings, marks?: TokenMarks): TokenProfile {
  const shared = sharedOf(settings)
  return {
    tokenId,
    settings,
    shared,
    nowMs: 0,
    handedOnMs: 0,
    lastFindingMs: 0,
    learned: shared.noTables,
    held: shared.noTables,
    activity: createActivity(),
    fine: createFiveMinutes(),
    raised: NOTHING_RAISED,
    marks,
    forgotten: undefined,
    revision: 0,
    routesRevision: 0,
  }
}

/** The table that a value is to be put into, made when there is none. */
export function ownTable(profile: TokenProfile, kind: 'learned' | 'held', dimension: Dimension): ValueTable {
  const { noTables, vocabulary } = profile.shared
  const known = profile[kind][dimension]
  if (known !== noTables[dimension]) return known
  const table = createTable(vocabulary)
  profile[kind] = { ...profile[kind], [dimension]: table }
  return table
}

/** Remembers what a bucketed detector raised. */
export function setRaised(profile: TokenProfile, detector: string, raised: Raised): void {
  if (profile.raised === NOTHING_RAISED) profile.raised = new Map()
  ;(profile.raised as Map<string, Raised>).set(detector, raised)
}

/** Gives back what the profile holds of the vocabulary. It is not to be used any more. */
export function dropProfile(profile: TokenProfile): void {
  for (const tables of [profile.learned, profile.held]) {
    for (const dimension of DIMENSIONS) clearTable(tables[dimension])
  }
  for (const table of profile.forgotten?.values() ?? []) clearTable(table)
}

/** Whether the token has a history at all. */
export function hasHistory(profile: TokenProfile): boolean {
  return profile.nowMs > 0
}

/** Whether the fold ignores the event: it lies more than six months before the token's latest, or was forgotten. */
export function isBeforeWindow(profile: TokenProfile, event: AccessEvent): boolean {
  if (!hasHistory(profile)) return false
  return monthOf(event.timeMs) < monthOf(profile.nowMs) - MONTHS_BACK || isForgotten(profile, event)
}

/** Moves the window on to an event of the token's own; what it leaves behind is forgotten. Time itself moves in `learn`. */
export function moveWindow(profile: TokenProfile, timeMs: number): void {
  if (hourOf(timeMs) <= hourOf(profile.nowMs)) return
  letGo(profile)
  const month = monthOf(timeMs) - MONTHS_BACK
  if (pruneActivity(profile.activity, month, timeMs)) profile.revision++
  const isAnew = passesTombstone(profile, timeMs)
  forgetPassed(profile, timeMs)
  if (isAnew) profile.nowMs = 0
  if (monthOf(timeMs) <= monthOf(profile.nowMs)) return
  profile.routesRevision++
  for (const dimension of DIMENSIONS) {
    pruneValues(profile.learned[dimension], month)
    pruneValues(profile.held[dimension], month)
  }
  for (const table of profile.forgotten?.values() ?? []) pruneValues(table, month)
}

/**
 * Teaches the profile one event: `learned` and `held` are masks of what it may teach and of what is in quarantine.
 * Returns the mask of values that were new to their table.
 */
export function learn(profile: TokenProfile, event: AccessEvent, learned: number, held: number): number {
  let fresh = 0
  const { nodes } = takeInHand(profile, event)
  if (((learned | held) & MASK.counts) !== 0) profile.nowMs = Math.max(profile.nowMs, event.timeMs)
  for (const dimension of DIMENSIONS) {
    const bit = MASK[dimension]
    if (((learned | held) & bit) === 0) continue
    const kind = (learned & bit) !== 0 ? 'learned' : 'held'
    if (see(profile, kind, dimension, event, nodes[dimension])) fresh |= bit
  }
  if ((fresh & MASK.route) !== 0) profile.routesRevision++
  letGo(profile)
  if ((learned & MASK.counts) !== 0) markActive(profile.activity, event.timeMs)
  if (((learned | held) & MASK.counts) !== 0) countFiveMinutes(profile.fine, fiveMinutesOf(event.timeMs))
  countHour(profile, event, learned, held)
  return fresh
}

/** @param node of the event's value, 0 where no profile knows it. */
function see(
  profile: TokenProfile,
  kind: 'learned' | 'held',
  dimension: Dimension,
  event: AccessEvent,
  node: number,
): boolean {
  const table = ownTable(profile, kind, dimension)
  const { valuesMax } = profile.settings
  const forgotten = profile.forgotten?.get(table)
  if (node !== 0) return seeValue(table, node, event.timeMs, valuesMax, forgotten)
  const made = table.vocabulary.intern(ROOT[dimension], chainOf(dimension, event))
  const isFresh = seeValue(table, made, event.timeMs, valuesMax, forgotten)
  table.vocabulary.release(made)
  return isFresh
}

function countHour(profile: TokenProfile, event: AccessEvent, learned: number, held: number): void {
  const hour = hourOf(event.timeMs)
  if (hour < hourOf(profile.nowMs) - HOURS_KEPT) return
  const refused = (learned & MASK.errors) !== 0 && isRefused(event)
  if (((learned | held) & MASK.counts) === 0 && !refused) return
  const isCounted = ((learned | held) & MASK.counts) !== 0
  const { hours } = profile.activity
  addToHour(hours, {
    hour,
    learned: (learned & MASK.counts) === 0 ? 0 : 1,
    held: (held & MASK.counts) === 0 ? 0 : 1,
    bytes: isCounted ? event.bytesIn + event.bytesOut : 0,
    networkTurns: (learned & MASK.networkTurn) === 0 ? 0 : 1,
    addressTurns: (learned & MASK.addressTurn) === 0 ? 0 : 1,
    limited: refused && isRateLimited(event) ? 1 : 0,
    refused: refused && !isRateLimited(event) ? 1 : 0,
    unauthenticated: refused && isUnauthenticated(event) ? 1 : 0,
  })
  if (hour < (hourAt(hours, hoursIn(hours) - 1) as number)) profile.revision++
}
