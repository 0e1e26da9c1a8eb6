/**
 * From how many bits on an incident alerts, so that a day brings no more false alerts than a team can stand.
 *
 * The threshold of a day follows from the incidents that began on the 28 days before it: the lowest quarter of a bit that
 * at most `budgetPerDay` of them reached on an average day. Nearly all incidents of nearly all days are false alarms, so
 * all are taken for such, but for those that alert whatever the threshold. Three things keep it honest.
 * - One terrible day must not silence the month behind it: a day counts for at most three times the budget, or three
 *   times a middling day where that is more. (A winsorised mean: Huber & Ronchetti, "Robust Statistics", 2009.)
 * - A campaign of weeks must not silence itself. By chance every 2.5 bits at least halve the incidents (a simulated
 *   estate: 1.5 to 2.3 bits). So the threshold stays within 2.5 bits for each halving from what reaches the floor down
 *   to the budget: what stands out beyond that is no chance, and no reason to look away.
 * - A quiet estate must not page on nothing: never below 8 bits, what a token of simulated estates comes to by chance
 *   twice a year. The first weeks know little and are surprised by little, so this floor comes down from `thresholdBits`
 *   as they pass.
 * Never above 40 bits either: an estate of a million tokens does not come to that by chance once a day.
 */

/** Days that a threshold looks back on, and how many of them must have had traffic. */
export const WINDOW_DAYS = 28
export const DAYS_MIN = 7
export const FLOOR_BITS = 8
export const CEILING_BITS = 40
/** Thresholds are told in quarters of a bit: finer ones would follow single incidents. */
export const LEVELS_PER_BIT = 4
/** From the floor to the ceiling, both included. */
export const LEVELS = (CEILING_BITS - FLOOR_BITS) * LEVELS_PER_BIT + 1
/** By chance at least half as many incidents reach so many bits more. */
const HALVING_BITS = 2.5
/** A day counts for at most so many times the budget, or a middling day. */
const DAY_MAX = 3

export interface BudgetSettings {
  /** False alerts a day, above 0. */
  readonly budgetPerDay: number
  /** Applies until enough days are known. */
  readonly thresholdBits: number
}

/** Undefined where the threshold is fixed. */
export function budgetOf(settings: {
  readonly budgetPerDay: number | 'off'
  readonly thresholdBits: number
}): BudgetSettings | undefined {
  const { budgetPerDay, thresholdBits } = settings
  return budgetPerDay === 'off' ? undefined : { budgetPerDay, thresholdBits }
}

/** Incidents that began on one day, by level: how many came to it and not to the next; the last holds all above. */
export type DayScores = readonly number[]

/** `fixed`: too few days are known. Else which of the rules decided. */
export const REASONS = ['fixed', 'budget', 'chance', 'floor', 'ceiling'] as const
export type Reason = (typeof REASONS)[number]

export interface Taken {
  readonly bits: number
  readonly reason: Reason
  /** Days with traffic that it rests on. */
  readonly days: number
  /** By level, incidents a day that reached it: as they were, and with days cut as above. Empty without days. */
  readonly perDay: readonly number[]
  readonly counted: readonly number[]
}

/** The level of a score, -1 below the floor. */
export function levelOf(bits: number): number {
  return Math.max(-1, Math.min(LEVELS - 1, Math.floor((bits - FLOOR_BITS) * LEVELS_PER_BIT)))
}

export function bitsOf(level: number): number {
  return FLOOR_BITS + level / LEVELS_PER_BIT
}

/** @param days the scores of each day with traffic among those that the threshold looks back on. */
export function takeThreshold(days: readonly DayScores[], settings: BudgetSettings): Taken {
  const reached = days.map(reachedBy)
  const perDay = rates(reached, () => Number.POSITIVE_INFINITY)
  const counted = rates(reached, (counts) => Math.max(1, DAY_MAX * Math.max(settings.budgetPerDay, middle(counts))))
  const known = { days: days.length, perDay, counted }
  if (days.length < DAYS_MIN) return { bits: settings.thresholdBits, reason: 'fixed', ...known }
  const { budgetPerDay } = settings
  const kept = counted.findIndex((rate) => rate <= budgetPerDay)
  const byBudget = kept < 0 ? CEILING_BITS : bitsOf(kept)
  const byChance = FLOOR_BITS + HALVING_BITS * Math.log2(Math.max(1, (counted[0] ?? 0) / budgetPerDay))
  const floor = floorOf(days.length, settings.thresholdBits)
  const most = Math.min(byBudget, byChance, CEILING_BITS)
  const bits = Math.ceil(Math.max(floor, most) * LEVELS_PER_BIT) / LEVELS_PER_BIT
  if (most <= floor) return { bits, reason: 'floor', ...known }
  if (most === CEILING_BITS) return { bits, reason: 'ceiling', ...known }
  return { bits, reason: most === byBudget ? 'budget' : 'chance', ...known }
}

/** With fewer days than it looks back on it lies between the threshold for an unknown estate and that of a known one. */
function floorOf(days: number, thresholdBits: number): number {
  const unknown = Math.min(CEILING_BITS, Math.max(FLOOR_BITS, thresholdBits))
  const known = Math.min(1, (days - DAYS_MIN) / (WINDOW_DAYS - DAYS_MIN))
  return unknown + (FLOOR_BITS - unknown) * known
}

/** How many reached each level. */
function reachedBy(scores: DayScores): number[] {
  const reached = Array.from({ length: LEVELS }, () => 0)
  let sum = 0
  for (let level = LEVELS - 1; level >= 0; level--) reached[level] = sum += scores[level] ?? 0
  return reached
}

/** Mean by level over the days, each count cut to what `mostOf` says of all. */
function rates(reached: readonly (readonly number[])[], mostOf: (counts: readonly number[]) => number): number[] {
  if (reached.length === 0) return []
  return Array.from({ length: LEVELS }, (_, level) => {
    const counts = reached.map((of) => of[level] as number)
    const most = mostOf(counts)
    return counts.reduce((sum, count) => sum + Math.min(count, most), 0) / counts.length
  })
}

/** The median, of an even number of counts the lower one. */
function middle(counts: readonly number[]): number {
  return [...counts].sort((a, b) => a - b)[Math.floor((counts.length - 1) / 2)] ?? 0
}
