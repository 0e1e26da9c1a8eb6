/**
 * What one token normally does. A profile is a fold over the token's events: `inspect` reads it, `learn` changes it,
 * neither reads a clock. Rebuilt from the rollups it is equal to the one folded live (test/integration/rebuild).
 */
import type { AccessEvent, TokenId } from '../event.ts'
import { type Activity, createActivity, hourCounts, markActive, pruneActivity } from './activity.ts'
import { HOURS_KEPT, MONTHS_BACK, hourOf, monthOf, monthStartMs } from './calendar.ts'
import { type FiveMinutes, countFiveMinutes, createFiveMinutes, fiveMinutesOf } from './five-minutes.ts'
import { DIMENSIONS, type Dimension, MASK, chainOf, isRateLimited, isRefused, isUnauthenticated } from './dimension.ts'
import { type TokenMarks, forgetPassed, isForgotten, passesTombstone } from './marks.ts'
import type { Novelty } from './novelty.ts'
import { type RecentSource, resetSources, seeSource } from './turns.ts'
import { type ValueTable, pruneValues, seeValue } from './values.ts'

/** What the fold of all tokens shares. Changing one of these changes findings. */
export interface ProfileSettings {
  /** Values kept per token and dimension. */
  readonly valuesMax: number
  /** After how long an unchallenged value in quarantine counts as known. */
  readonly adoptAfterMs: number
  /** Findings this close form one incident. */
  readonly incidentGapMs: number
}

export interface TokenProfile {
  readonly tokenId: TokenId
  readonly settings: ProfileSettings
  /** Greatest event time of the token's own calls, learned or held; 0 for a token without history. */
  nowMs: number
  /** Event time of the token's latest finding, 0 for none. */
  lastFindingMs: number
  readonly learned: Readonly<Record<Dimension, ValueTable>>
  readonly held: Readonly<Record<Dimension, ValueTable>>
  readonly activity: Activity
  readonly fine: FiveMinutes
  /** The sources seen last, learned or held. */
  readonly recent: RecentSource[]
  /** Bucketed detectors: the latest bucket in which each raised something, and the highest step there. */
  readonly raised: Map<string, { bucketMs: number; step: number }>
  /** What people said of the token: they come with the block in hand (marks.ts). No state. */
  marks: TokenMarks | undefined
  /** By table: values that were forgotten and keep their places in it (values.ts). Undefined for nearly all tokens. */
  forgotten: Map<ValueTable, ValueTable> | undefined
  /** Counts changes to hours before the latest one, so that what was fitted to them is fitted again. No state. */
  revision: number
  /** Answers about the event in hand: several detectors ask the same before it is learned. No state. */
  readonly answers: { event: AccessEvent | undefined; readonly novelty: Map<Dimension, Novelty | undefined> }
}

/** @param marks what people said of the token, for a profile that is about to be filled from what is stored. */
export function createProfile(tokenId: TokenId, settings: ProfileSettings, marks?: TokenMarks): TokenProfile {
  return {
    tokenId,
    settings,
    nowMs: 0,
    lastFindingMs: 0,
    learned: createTables(),
    held: createTables(),
    activity: createActivity(),
    fine: createFiveMinutes(),
    recent: [],
    raised: new Map(),
    marks,
    forgotten: undefined,
    revision: 0,
    answers: { event: undefined, novelty: new Map() },
  }
}

function createTables(): Record<Dimension, ValueTable> {
  return { network: new Map(), route: new Map(), agent: new Map(), place: new Map(), refused_route: new Map() }
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
  const month = monthOf(timeMs) - MONTHS_BACK
  if (pruneActivity(profile.activity, month, timeMs)) profile.revision++
  const isAnew = passesTombstone(profile, timeMs)
  forgetPassed(profile, timeMs)
  if (isAnew) profile.nowMs = 0
  if (monthOf(timeMs) <= monthOf(profile.nowMs)) return
  for (const dimension of DIMENSIONS) {
    pruneValues(profile.learned[dimension], month)
    pruneValues(profile.held[dimension], month)
  }
  for (const table of profile.forgotten?.values() ?? []) pruneValues(table, month)
  while ((profile.recent.at(-1)?.lastMs ?? timeMs) < monthStartMs(month)) profile.recent.pop()
}

/**
 * Teaches the profile one event: `learned` and `held` are masks of what it may teach and of what is in quarantine.
 * Returns the mask of values that were new to their table.
 */
export function learn(profile: TokenProfile, event: AccessEvent, learned: number, held: number): number {
  let fresh = 0
  profile.answers.event = undefined
  if (((learned | held) & MASK.counts) !== 0) profile.nowMs = Math.max(profile.nowMs, event.timeMs)
  const { valuesMax } = profile.settings
  for (const dimension of DIMENSIONS) {
    const bit = MASK[dimension]
    if (((learned | held) & bit) === 0) continue
    const table = ((learned & bit) !== 0 ? profile.learned : profile.held)[dimension]
    const chain = chainOf(dimension, event)
    if (seeValue(table, chain, event.timeMs, valuesMax, profile.forgotten?.get(table))) fresh |= bit
    if (dimension !== 'network') continue
    if (profile.forgotten === undefined) seeSource(profile.recent, chain, event.timeMs)
    // A table with forgotten values in it may have pushed out one of the sources seen last.
    else resetSources(profile)
  }
  if ((learned & MASK.counts) !== 0) markActive(profile.activity, event.timeMs)
  if (((learned | held) & MASK.counts) !== 0) countFiveMinutes(profile.fine, fiveMinutesOf(event.timeMs))
  countHour(profile, event, learned, held)
  return fresh
}

function countHour(profile: TokenProfile, event: AccessEvent, learned: number, held: number): void {
  const hour = hourOf(event.timeMs)
  if (hour < hourOf(profile.nowMs) - HOURS_KEPT) return
  const refused = (learned & MASK.errors) !== 0 && isRefused(event)
  if (((learned | held) & MASK.counts) === 0 && !refused) return
  const counts = hourCounts(profile.activity, hour)
  if ((learned & MASK.counts) !== 0) counts.learned++
  if ((held & MASK.counts) !== 0) counts.held++
  if (((learned | held) & MASK.counts) !== 0) counts.bytes += event.bytesIn + event.bytesOut
  if ((learned & MASK.networkTurn) !== 0) counts.networkTurns++
  if ((learned & MASK.addressTurn) !== 0) counts.addressTurns++
  if (refused && isRateLimited(event)) counts.limited++
  else if (refused) counts.refused++
  if (refused && isUnauthenticated(event)) counts.unauthenticated++
  const last = profile.activity.hours.at(-1)
  if (last !== undefined && hour < last.hour) profile.revision++
}
