/** `explain --threshold`: from how many bits on incidents alert, and how that came about. */
import { type Reason, type Taken, LEVELS_PER_BIT, bitsOf, levelOf } from '../alert/budget.ts'
import type { DayThreshold } from '../store/thresholds.ts'
import { DAY_MS } from '../settings.ts'
import { tableText, timeText } from './listing.ts'

export interface ExplainedThreshold {
  readonly budgetPerDay: number | 'off'
  readonly thresholdBits: number
  /** As taken, the last first. */
  readonly days: readonly DayThreshold[]
  /** What the next day would get from the incidents as they stand; also where nothing was taken. */
  readonly next: Taken
}

const REASON_TEXTS: Readonly<Record<Reason, string>> = {
  fixed: 'fewer than 7 of the 28 days before had traffic, so alerting.thresholdBits applies',
  budget: 'the lowest quarter of a bit that no more incidents a day reached than the budget has',
  chance: 'the budget alone would lie higher; by chance 2.5 bits halve the incidents, and what is more is told',
  floor: 'it is the least that it may be; the incidents keep to the budget anyway',
  ceiling: 'it is the most that it may be: more incidents than the budget has come to it, and are told',
}

export function thresholdJson({ budgetPerDay, thresholdBits, days, next }: ExplainedThreshold): object {
  return {
    budget_per_day: budgetPerDay,
    fixed_bits: thresholdBits,
    in_force: days[0] === undefined ? { bits: thresholdBits, reason: 'fixed' } : dayJson(days[0]),
    days: days.map(({ day, bits, reason, days: known }) => ({ day: dateOf(day), bits, reason, days: known })),
    next: { bits: next.bits, reason: next.reason, days: next.days, ...ratesJson(next) },
  }
}

function dayJson(taken: DayThreshold): object {
  const { day, bits, reason, days, takenAtMs } = taken
  return { day: dateOf(day), bits, reason, days, taken_at: new Date(takenAtMs).toISOString(), ...ratesJson(taken) }
}

function ratesJson({ perDay, counted }: Taken): object {
  const incidents = perDay.map((rate, level) => ({ bits: bitsOf(level), per_day: rate, counted: counted[level] }))
  return { incidents }
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

export function thresholdText({ budgetPerDay, thresholdBits, days, next }: ExplainedThreshold): string {
  const [latest] = days
  if (budgetPerDay === 'off') {
    return (
      `Incidents alert from ${thresholdBits} bits on: alerting.budgetPerDay is off, alerting.thresholdBits holds.\n\n` +
      distributionText(next, thresholdBits, undefined)
    )
  }
  const budget = `alerting.budgetPerDay is ${budgetPerDay}`
  if (latest === undefined) {
    return (
      `Incidents alert from ${thresholdBits} bits on: no threshold was taken under these settings yet (${budget}).\n` +
      `The next day gets ${next.bits} bits: ${REASON_TEXTS[next.reason]}.\n\n` +
      distributionText(next, next.bits, budgetPerDay)
    )
  }
  return (
    `Incidents that begin on ${dateOf(latest.day)} (UTC) alert from ${latest.bits} bits on; ${budget}.\n` +
    `Why: ${REASON_TEXTS[latest.reason]}.\n` +
    `Taken at ${timeText(latest.takenAtMs)} from the ${latest.days} days with traffic of the 28 before; ` +
    `${sinceText(days)}.\n\n` +
    distributionText(latest, latest.bits, budgetPerDay) +
    `\n${daysText(days)}`
  )
}

function sinceText(days: readonly DayThreshold[]): string {
  const changed = days.findIndex(({ bits }) => bits !== days[0]?.bits)
  const since = changed < 0 ? days.at(-1) : days[changed - 1]
  if (since === undefined || since === days[0]) return 'another one than the day before'
  return `the same since ${changed < 0 ? 'at least ' : ''}${dateOf(since.day)}`
}

const BAR_CHARS = 30

/** Whole bits, and the quarters beside the threshold: what the next lower and higher ones would give. */
function distributionText(taken: Taken, bits: number, budgetPerDay: number | undefined): string {
  const { perDay, counted, days } = taken
  if (perDay.length === 0) return 'No incident of the 28 days before is known.\n'
  const own = levelOf(bits)
  const last = Math.max(
    own + 1,
    perDay.findIndex((rate) => rate === 0),
  )
  const end = last < 0 ? perDay.length - 1 : last
  const most = perDay[0] || 1
  const rows = perDay.flatMap((rate, level) => {
    const isWhole = level % LEVELS_PER_BIT === 0
    if (level > end + LEVELS_PER_BIT || (!isWhole && Math.abs(level - own) > 1)) return []
    const mark = level === own ? 'in force' : level === own - 1 ? 'one lower' : level === own + 1 ? 'one higher' : ''
    const bar = '█'.repeat(Math.round((BAR_CHARS * rate) / most))
    const cells = [bitsOf(level).toFixed(2), rate.toFixed(2), (counted[level] ?? 0).toFixed(2), bar, mark]
    return [budgetPerDay === undefined ? cells.filter((_, at) => at !== 2) : cells]
  })
  const head = ['bits', 'incidents a day', 'counted', '', '']
  const note =
    budgetPerDay === undefined
      ? ''
      : 'Counted: a day stands for at most three times the budget, or three times a middling day.\n'
  return (
    `Incidents of ${days} days that reached so many bits, without facts that alert anyway:\n` +
    tableText(budgetPerDay === undefined ? head.filter((_, at) => at !== 2) : head, rows) +
    note
  )
}

const DAYS_SHOWN = 14

function daysText(days: readonly DayThreshold[]): string {
  const rows = days
    .slice(0, DAYS_SHOWN)
    .map(({ day, bits, reason, days: known }) => [dateOf(day), bits.toFixed(2), reason, String(known)])
  return tableText(['day', 'threshold', 'decided by', 'days known'], rows)
}
