/** From how many bits on do the incidents of a day alert? Takes thresholds from findings, and keeps them. */
import { z } from 'zod'
import {
  type BudgetSettings,
  type DayScores,
  FLOOR_BITS,
  LEVELS,
  LEVELS_PER_BIT,
  REASONS,
  type Taken,
  WINDOW_DAYS,
  takeThreshold,
} from '../alert/budget.ts'
import { DAY_MS } from '../settings.ts'
import type { Database } from './database.ts'

/** A threshold as it was taken for a day. */
export interface DayThreshold extends Taken {
  /** Days since 1970. */
  readonly day: number
  readonly takenAtMs: number
}

const thresholdRow = z
  .object({
    day_number: z.number(),
    bits: z.number(),
    reason: z.enum(REASONS),
    days: z.number(),
    per_day: z.array(z.number()),
    counted: z.array(z.number()),
    taken_at: z.iso.datetime(),
  })
  .transform(({ day_number, per_day, taken_at, ...row }): DayThreshold => {
    return { ...row, day: day_number, perDay: per_day, takenAtMs: Date.parse(taken_at) }
  })

const OWN_SETTINGS = 'budget_per_day = {budget: Float64} AND fixed_bits = {fixed: Float64}'

function paramsOf({ budgetPerDay, thresholdBits }: BudgetSettings) {
  return { budget: budgetPerDay, fixed: thresholdBits }
}

/** The thresholds of those of the days, since 1970, that have one under these settings. */
export async function readThresholds(
  db: Database,
  settings: BudgetSettings,
  days: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const rows = await db.query(
    `SELECT toInt32(day) AS day_number, bits FROM thresholds FINAL
     WHERE toInt32(day) IN {days: Array(Int32)} AND ${OWN_SETTINGS}`,
    { days, ...paramsOf(settings) },
    z.object({ day_number: z.number(), bits: z.number() }),
  )
  return new Map(rows.map((row) => [row.day_number, row.bits]))
}

/** The thresholds of the latest days, the last first. */
export function latestThresholds(db: Database, settings: BudgetSettings, limit: number): Promise<DayThreshold[]> {
  return db.query(
    `SELECT toInt32(day) AS day_number, bits, reason, days, per_day, counted, taken_at FROM thresholds FINAL
     WHERE ${OWN_SETTINGS} ORDER BY day DESC LIMIT {limit: UInt32}`,
    { limit, ...paramsOf(settings) },
    thresholdRow,
  )
}

/** Takes the threshold of a day and keeps it, unless another process was first: whose it then is. */
export async function takeDayThreshold(db: Database, settings: BudgetSettings, day: number): Promise<number> {
  const taken = takeThreshold(await scoresBefore(db, day), settings)
  const { bits, reason, days, perDay, counted } = taken
  await db.command(
    `INSERT INTO thresholds SELECT toDate32({day: Int32}), {budget: Float64}, {fixed: Float64}, {bits: Float64},
       {reason: String}, {days: UInt16}, {per_day: Array(Float64)}, {counted: Array(Float64)}, now64(3)`,
    { day, bits, reason, days, per_day: perDay, counted, ...paramsOf(settings) },
    { insertToken: `thresholds/${day}/${settings.budgetPerDay}/${settings.thresholdBits}` },
  )
  return (await readThresholds(db, settings, [day])).get(day) ?? bits
}

/** The latest day with traffic, since 1970; 0 without any. */
export async function latestDay(db: Database): Promise<number> {
  const sql = 'SELECT intDiv(toUInt32(max(bucket)), 86400) AS day FROM token_activity_hour'
  const [row] = await db.query(sql, {}, z.object({ day: z.number() }))
  return row?.day ?? 0
}

/**
 * The incidents that began in the window before a day, by day with traffic and by level. Those that alert whatever the
 * threshold are left out, and those that people called malicious: they were no false alerts.
 */
export async function scoresBefore(db: Database, day: number): Promise<DayScores[]> {
  const params = { from: day - WINDOW_DAYS, to: day }
  const [traffic, scores] = await Promise.all([
    db.query(TRAFFIC_SQL, params, z.object({ day: z.number() })),
    db.query(SCORES_SQL, params, z.object({ day: z.number(), level: z.number(), incidents: z.number() })),
  ])
  const days = new Map(traffic.map((row) => [row.day, Array.from({ length: LEVELS }, () => 0)]))
  for (const { day: began, level, incidents } of scores) {
    const counts = days.get(began)
    if (counts !== undefined) counts[level] = incidents
  }
  return [...days.values()]
}

/** Days as numbers since 1970, which the rollups' hours do not go below. */
const TRAFFIC_SQL = `
SELECT DISTINCT intDiv(toUInt32(bucket), 86400) AS day FROM token_activity_hour
WHERE month >= toStartOfMonth(toDate32({from: Int32})) AND month <= toDate32({to: Int32})
  AND intDiv(toUInt32(bucket), 86400) >= {from: Int32} AND intDiv(toUInt32(bucket), 86400) < {to: Int32}`

/** An incident that goes on for longer than a window before it counts with what it came to within. */
const SCORES_SQL = `
SELECT began_on AS day, toInt32(least(${LEVELS - 1}, floor((score - ${FLOOR_BITS}) * ${LEVELS_PER_BIT}))) AS level,
  count() AS incidents
FROM (
  SELECT toInt32(intDiv(toUnixTimestamp64Milli(min(time)), ${DAY_MS})) AS began_on,
    greatest(max(toFloat64(sum_bits)), sumIf(toFloat64(findings.bits), cause = '')) AS score,
    max(severity_min != '') AS is_forced
  FROM findings FINAL
  WHERE concern = 'misuse'
    AND time >= fromUnixTimestamp64Milli(toInt64({from: Int32} - ${WINDOW_DAYS}) * ${DAY_MS})
    AND time < fromUnixTimestamp64Milli(toInt64({to: Int32}) * ${DAY_MS})
    AND incident_id NOT IN (
      SELECT incident_id FROM incident_actions FINAL
      GROUP BY incident_id HAVING argMax(action, (acted_at, action_id)) = 'malicious')
  GROUP BY incident_id, subject
)
WHERE began_on >= {from: Int32} AND is_forced = 0 AND score >= ${FLOOR_BITS}
GROUP BY began_on, level`
