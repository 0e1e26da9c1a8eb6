/** What people did with incidents, as ClickHouse keeps it: rows that are only added, so that any earlier state can be read. */
import { z } from 'zod'
import { type Actions, type IncidentAction, ACTION_NAMES, createActions } from '../alert/actions.ts'
import { type IncidentId, hashId } from '../event.ts'
import { DIMENSIONS } from '../profile/dimension.ts'
import type { Database } from './database.ts'
import { type ChangeTimes, serverTimeMs } from './registry.ts'
import { columnsOf } from './rows.ts'
import { readTombstones } from './tombstones.ts'

/** An action as somebody took it. */
export interface TakenAction extends IncidentAction {
  /** Event times of the incident that a verdict speaks of, 0 where it speaks of none. */
  readonly fromMs: number
  readonly untilMs: number
  readonly actor: string
  readonly note: string
}

/** When something was done that counts for detection: to acknowledge does not. */
export async function actionTimes(db: Database): Promise<ChangeTimes> {
  const [row] = await db.query(
    `SELECT toUnixTimestamp64Milli(now64(3)) AS now_ms,
       arraySort(groupUniqArray(toUnixTimestamp64Milli(at))) AS changes_ms
     FROM (SELECT acted_at AS at FROM incident_actions WHERE action != 'acknowledge'
       UNION DISTINCT SELECT written_at AS at FROM tombstones)`,
    {},
    z.object({ now_ms: z.number(), changes_ms: z.array(z.number()) }),
  )
  return { nowMs: row?.now_ms ?? 0, changesMs: row?.changes_ms ?? [] }
}

/** What had been done by a time of the server's clock. */
export async function loadActions(db: Database, atMs: number): Promise<Actions> {
  const [actions, tombstones] = await Promise.all([readActions(db, atMs), readTombstones(db, atMs)])
  return createActions(actions, tombstones)
}

const actionRow = z
  .object({
    incident_id: z.string().transform((id) => id as IncidentId),
    subject: z.string(),
    action: z.enum(ACTION_NAMES),
    dimensions: z.array(z.enum(DIMENSIONS)),
    values: z.array(z.string()),
    from_ms: z.number(),
    until_ms: z.number(),
    at_ms: z.number(),
    actor: z.string(),
    note: z.string(),
  })
  .transform((row): TakenAction => ({
    incidentId: row.incident_id,
    subject: row.subject,
    action: row.action,
    values: row.dimensions.map((dimension, at) => ({ dimension, value: row.values[at] ?? '' })),
    fromMs: row.from_ms,
    untilMs: row.until_ms,
    atMs: row.at_ms,
    actor: row.actor,
    note: row.note,
  }))

const ACTIONS_SQL = `
SELECT incident_id, subject, action, dimensions, incident_actions.values AS values,
  toUnixTimestamp64Milli(from_time) AS from_ms, toUnixTimestamp64Milli(until_time) AS until_ms,
  toUnixTimestamp64Milli(acted_at) AS at_ms, actor, note
FROM incident_actions FINAL`

/** In the order in which they were taken. */
function readActions(db: Database, atMs: number): Promise<TakenAction[]> {
  const sql = `${ACTIONS_SQL} WHERE acted_at <= fromUnixTimestamp64Milli({at: Int64}) ORDER BY acted_at, action_id`
  return db.query(sql, { at: atMs }, actionRow)
}

/** What was done with one incident. */
export function actionsOf(db: Database, incidentId: IncidentId): Promise<TakenAction[]> {
  return db.query(
    `${ACTIONS_SQL} WHERE incident_id = {id: String} ORDER BY acted_at, action_id`,
    { id: incidentId },
    actionRow,
  )
}

/**
 * Writes actions, each a millisecond after the one before it, from the server's time on. Returns when the last was taken.
 */
export async function writeActions(db: Database, actions: readonly Omit<TakenAction, 'atMs'>[]): Promise<number> {
  const nowMs = await serverTimeMs(db)
  const rows = actions.map((action, at) => ({ ...action, atMs: nowMs + at }))
  const { text, texts, time } = columnsOf(rows)
  const columns = [
    text('action_id', ({ incidentId, action, actor, atMs }) => hashId(incidentId, action, actor, atMs)),
    text('incident_id', ({ incidentId }) => incidentId),
    text('subject', ({ subject }) => subject),
    text('action', ({ action }) => action),
    texts('dimensions', ({ values }) => values.map(({ dimension }) => dimension)),
    texts('values', ({ values }) => values.map(({ value }) => value)),
    time('from_time', ({ fromMs }) => fromMs),
    time('until_time', ({ untilMs }) => untilMs),
    text('actor', ({ actor }) => actor),
    text('note', ({ note }) => note),
    time('acted_at', ({ atMs }) => atMs),
  ]
  await db.insert('incident_actions', columns, rows.length, `incident_actions/${crypto.randomUUID()}`)
  return nowMs + rows.length - 1
}
