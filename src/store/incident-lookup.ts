/** Which incident does a person mean, and which values of its token did it bring? */
import { z } from 'zod'
import type { MarkedValue } from '../alert/actions.ts'
import { DIMENSIONS } from '../profile/dimension.ts'
import type { Database } from './database.ts'

const idRow = z.object({ id: z.string() })
const SHOWN_MAX = 5

/** Ids of incidents that begin with a text, or one of whose alerts has an id that does; at most six. */
export async function findIncidents(db: Database, text: string): Promise<string[]> {
  const rows = await db.query(
    `SELECT DISTINCT id FROM (
       SELECT incident_id AS id FROM findings WHERE startsWith(incident_id, {text: String})
       UNION ALL
       SELECT incident_id FROM alerts WHERE startsWith(alert_id, {text: String}) AND incident_id != ''
     ) ORDER BY id LIMIT ${SHOWN_MAX + 1}`,
    { text },
    idRow,
  )
  return rows.map(({ id }) => id)
}

/** Ids of incidents and alerts that are most like a text, the nearest first, as far as a slip of the fingers goes. */
export async function nearIncidents(db: Database, text: string): Promise<string[]> {
  const rows = await db.query(
    `SELECT id FROM (
       SELECT DISTINCT incident_id AS id FROM findings
       UNION DISTINCT
       SELECT alert_id FROM alerts WHERE incident_id != ''
     )
     WHERE editDistance(substring(id, 1, length({text: String})), {text: String}) <= greatest(1, intDiv(length({text: String}), 8))
     ORDER BY editDistance(substring(id, 1, length({text: String})), {text: String}), id LIMIT ${SHOWN_MAX}`,
    { text },
    idRow,
  )
  return rows.map(({ id }) => id)
}

export interface IncidentSpan {
  readonly incidentId: string
  readonly tokenId: string
  /** Event times, both included. */
  readonly fromMs: number
  readonly untilMs: number
}

/** A value that events of an incident brought. */
export interface BroughtValue extends MarkedValue {
  /** An event that brought it had a finding in the incident. */
  readonly isFound: boolean
  /** It went into quarantine with one of them. */
  readonly isHeld: boolean
}

const broughtRow = z
  .object({ dimension: z.enum(DIMENSIONS), value: z.string(), found: z.number(), held: z.number() })
  .transform(({ dimension, value, found, held }): BroughtValue => {
    return { dimension, value, isFound: found === 1, isHeld: held === 1 }
  })

const VALUES_MAX = 2_000

/** The chains are those of the view `token_values_view`. Events outlive their retention nowhere: of old incidents none. */
export function broughtValues(db: Database, span: IncidentSpan): Promise<BroughtValue[]> {
  return db.query(
    `SELECT taught.2 AS dimension, taught.3 AS value, max(incident_id = {incident: String}) AS found,
       max(bitAnd(events.held, taught.1) != 0) AS held
     FROM events
     ARRAY JOIN [
       (toUInt16(1), 'network', concat(if(country = '', source_class, country), '|', network, '|', prefix, '|', address)),
       (toUInt16(2), 'route', concat(service, '|', route, '|', method)),
       (toUInt16(4), 'agent', concat(agent, '|', agent_version)),
       (toUInt16(8), 'place', place),
       (toUInt16(16), 'refused_route', concat(service, '|', route, '|', method))
     ] AS taught
     WHERE token_id = {token: String} AND bitAnd(bitOr(learned, events.held), taught.1) != 0
       AND time >= fromUnixTimestamp64Milli({from: Int64}) AND time <= fromUnixTimestamp64Milli({until: Int64})
     GROUP BY dimension, value ORDER BY min(time), dimension, value LIMIT ${VALUES_MAX}`,
    { incident: span.incidentId, token: span.tokenId, from: span.fromMs, until: span.untilMs },
    broughtRow,
  )
}
