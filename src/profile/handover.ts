/**
 * A rotation hands the profile on: what a token was known for before its successor was created is what the successor is
 * known for from its start.
 *
 * Known is what was learned. What is in quarantine is not, and is found anew, nor is what people called malicious. Values
 * are handed on by whole days and counts by whole hours of event time, so that it makes no difference how far the
 * predecessor has gone on since, as long as its calls from before are in.
 */
import { DAY_MS, HOUR_MS } from '../settings.ts'
import { markActive, workedDays } from './activity.ts'
import { HOURS_KEPT, dayOf, hourOf, monthStartMs } from './calendar.ts'
import { DIMENSIONS, type Dimension } from './dimension.ts'
import { type HourCounts, addToHour, allHours, callsAt, hourAt, hoursIn } from './hours.ts'
import { type TokenProfile, ownTable } from './profile.ts'
import { type ValueEntry, capValues, entriesOf, mergeValue } from './values.ts'
import { ROOT } from './vocabulary.ts'

export interface Handover {
  /** The end of the last hour or day in it. */
  readonly nowMs: number
  readonly values: readonly (ValueEntry & { readonly dimension: Dimension; readonly value: string })[]
  /** Learned hours: days since 1970, a bit for each of their hours. */
  readonly workedDays: readonly (readonly [day: number, hours: number])[]
  readonly hours: readonly HourCounts[]
}

/**
 * What the predecessor was known for when the successor was created: values before that day, hours before that hour.
 * Undefined where that is nothing. Nobody shares what it returns.
 */
export function handOver(predecessor: TokenProfile, createdMs: number): Handover | undefined {
  const { activity, marks } = predecessor
  const beforeMs = dayOf(createdMs) * DAY_MS
  const beforeHour = hourOf(createdMs)
  const values = DIMENSIONS.flatMap((dimension) => {
    const verdicts = marks?.verdicts.get(dimension)
    return [...entriesOf(predecessor.learned[dimension])].flatMap(([value, entry]) => {
      if (verdicts?.get(value) === 'malicious') return []
      const before = entryBefore(entry, beforeMs)
      return before === undefined ? [] : [{ dimension, value, ...before }]
    })
  })
  const hours = allHours(activity.hours).filter(({ hour }) => hour < beforeHour)
  const latestHour = hours.findLast(({ learned, held }) => learned + held > 0)?.hour
  const nowMs = Math.max(
    latestHour === undefined ? 0 : (latestHour + 1) * HOUR_MS - 1,
    ...values.map(({ lastMs }) => lastMs),
  )
  if (nowMs === 0) return undefined
  const worked = [...workedDays(activity)].flatMap((of): [number, number][] => {
    const length = beforeHour - of.day * 24
    const kept = length >= 24 ? of.hours : length <= 0 ? 0 : of.hours & ((1 << length) - 1)
    return kept === 0 ? [] : [[of.day, kept]]
  })
  return { nowMs, values, workedDays: worked, hours }
}

/** The stay of a value in its table as it was before a time; undefined where it began later. */
function entryBefore({ enteredAtMs, days }: ValueEntry, beforeMs: number): ValueEntry | undefined {
  if (enteredAtMs >= beforeMs) return undefined
  const kept: number[] = []
  let latestDay = 0
  for (let at = 0; at < days.length; at += 2) {
    const month = days[at] as number
    const firstDay = dayOf(monthStartMs(month))
    const length = dayOf(beforeMs) - firstDay
    if (length <= 0) continue
    const mask = (days[at + 1] as number) & (length > 30 ? -1 : (1 << length) - 1)
    if (mask === 0) continue
    kept.push(month, mask)
    latestDay = Math.max(latestDay, firstDay + 31 - Math.clz32(mask))
  }
  if (kept.length === 0) return undefined
  return { enteredAtMs, lastMs: (latestDay + 1) * DAY_MS - 1, days: kept }
}

/** Gives it to a profile that has no history yet. */
export function takeOver(successor: TokenProfile, handover: Handover): void {
  const { activity, settings } = successor
  successor.nowMs = handover.nowMs
  successor.handedOnMs = handover.nowMs
  for (const { dimension, value, enteredAtMs, lastMs, days } of handover.values) {
    const table = ownTable(successor, 'learned', dimension)
    const node = table.vocabulary.intern(ROOT[dimension], value)
    for (let at = 0; at < days.length; at += 2)
      mergeValue(table, node, { enteredAtMs, lastMs, month: days[at] as number, days: days[at + 1] as number })
    table.vocabulary.release(node)
    capValues(table, settings.valuesMax)
  }
  for (const [day, hours] of handover.workedDays) {
    for (let hour = 0; hour < 24; hour++) {
      if (((hours >>> hour) & 1) !== 0) markActive(activity, (day * 24 + hour) * HOUR_MS)
    }
  }
  for (const counts of handover.hours) {
    if (counts.hour >= hourOf(handover.nowMs) - HOURS_KEPT) addToHour(activity.hours, counts)
  }
}

/**
 * Whether the token has worked by itself for a day at an hour. Until then hours without a call say nothing: its
 * predecessor may have made them.
 */
export function worksByItself({ handedOnMs, nowMs, activity }: TokenProfile, hour: number): boolean {
  if (handedOnMs === 0) return true
  if (nowMs <= handedOnMs) return false
  const handedOn = hourOf(handedOnMs)
  if (hour - handedOn > HOURS_KEPT) return true
  const { hours } = activity
  for (let at = 0; at < hoursIn(hours); at++) {
    const of = hourAt(hours, at) as number
    if (of > handedOn && callsAt(hours, at) > 0) return of <= hour - 24
  }
  return false
}
