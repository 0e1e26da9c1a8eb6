/** Who knows which values, what did tokens meet that was new, and what was known of both when a window began? */
import { z } from 'zod'
import { DIMENSIONS } from '../profile/dimension.ts'
import type { CountedChanges, KnownSince } from '../profile/log-peers.ts'
import { REACHES } from '../profile/peers.ts'
import type { Database } from './database.ts'
import { keepSnapshot, readSnapshots } from './snapshots.ts'

export type LogChanges = Omit<CountedChanges, 'windowMs'> & { readonly topic: string; readonly partition: number }

export interface PeersTaken {
  /** Of windows before the snapshot's time. */
  readonly changes: readonly LogChanges[]
}

const TABLE = 'peer_snapshots'

const changesSchema = z.object({
  topic: z.string(),
  partition: z.number(),
  dimension: z.enum(DIMENSIONS),
  level: z.number(),
  reach: z.enum(REACHES),
  changes: z.number(),
})
const cutSchema = z.object({ topic: z.string(), partition: z.number(), ingested_ms: z.number() })
const bodySchema = z.object({ cuts: z.array(cutSchema), changes: z.array(changesSchema) })

export async function readPeerSnapshot(db: Database, timeMs: number): Promise<PeersTaken | undefined> {
  return (await readSnapshots(db, TABLE, [timeMs], bodySchema)).get(timeMs)
}

/**
 * Takes how far each log is stored, and what its tokens met before a time, and keeps it, unless another process was first:
 * whose it then is.
 *
 * The cut of a log is the greatest `ingested_at` in the table itself. A log is stored block by block, in the order of
 * `ingested_at`, and a block is one part here: so what the cut lets through is what was there when it was taken.
 */
export async function takePeerSnapshot(db: Database, timeMs: number): Promise<PeersTaken> {
  const [cuts, changes] = await Promise.all([
    db.query(
      `SELECT topic, partition, toUnixTimestamp64Milli(max(first.ingested_at)) AS ingested_ms FROM peer_values
       WHERE topic != '' GROUP BY topic, partition`,
      {},
      cutSchema,
    ),
    db.query(
      `SELECT topic, partition, dimension, level, reach, sum(peer_changes.changes) AS changes FROM peer_changes
       WHERE window < fromUnixTimestamp64Milli({time: Int64}) GROUP BY topic, partition, dimension, level, reach`,
      { time: timeMs },
      changesSchema,
    ),
  ])
  return keepSnapshot(db, TABLE, timeMs, { cuts, changes } satisfies z.input<typeof bodySchema>, bodySchema)
}

/** A block's own log, of which it knows all that was stored before it. */
export interface OwnLog {
  readonly topic: string
  readonly partition: number
  readonly ingestedAtMs: number
}

const knownRow = z
  .object({
    dimension: z.enum(DIMENSIONS),
    prefix: z.string(),
    asked: z.number(),
    asked_tenant: z.string(),
    window_ms: z.number(),
  })
  .transform(({ dimension, prefix, asked, asked_tenant, window_ms }): KnownSince => ({
    dimension,
    prefix,
    isAsked: asked === 1,
    tenant: asked_tenant,
    windowMs: window_ms,
  }))

/**
 * Looks values up as a block sees them: of its own log all from before the block, of the others what the snapshot of that
 * time has seen.
 */
export function lookUpPeers(
  db: Database,
  snapshotMs: number,
  own: OwnLog,
  asked: { readonly prefixes: readonly string[]; readonly tenants: readonly string[] },
): Promise<KnownSince[]> {
  return db.query(KNOWN_SQL, { ...asked, ...paramsOf(own), snapshot: snapshotMs }, knownRow)
}

function paramsOf({ topic, partition, ingestedAtMs }: OwnLog) {
  return { topic, partition, at: ingestedAtMs }
}

/** What is known from before there were snapshots has no log, and so no cut: it was written in 1970. */
const KNOWN_SQL = `
SELECT dimension, prefix, asked, asked_tenant, toUnixTimestamp64Milli(min(learned.peer_window)) AS window_ms
FROM (
  SELECT dimension, prefix, topic, partition, has({tenants: Array(String)}, tenant) AS asked,
    if(asked, tenant, '') AS asked_tenant, min(peer_values.first) AS learned
  FROM peer_values
  WHERE dimension IN ('network', 'route', 'agent') AND prefix IN {prefixes: Array(String)}
  GROUP BY dimension, prefix, tenant, topic, partition) AS known
LEFT ANY JOIN (
  SELECT cut.topic AS topic, cut.partition AS partition, cut.ingested_ms AS ingested_ms
  FROM (
    SELECT arrayJoin(JSONExtract(body, 'cuts', 'Array(Tuple(topic String, partition UInt32, ingested_ms Int64))')) AS cut
    FROM ${TABLE} FINAL WHERE toUnixTimestamp64Milli(slot) = {snapshot: Int64})
  ) AS cuts USING (topic, partition)
WHERE if(topic = {topic: String} AND partition = {partition: UInt32},
  toUnixTimestamp64Milli(learned.ingested_at) < {at: Int64},
  toUnixTimestamp64Milli(learned.ingested_at) <= ingested_ms)
GROUP BY dimension, prefix, asked, asked_tenant`

/** How far a log has come in event time, 0 for an empty one, and what its tokens met so far. */
export async function loadLogPeers(
  db: Database,
  { topic, partition }: Omit<OwnLog, 'ingestedAtMs'>,
): Promise<{ readonly reachedMs: number; readonly changes: readonly CountedChanges[] }> {
  const params = { topic, partition }
  const [reached, changes] = await Promise.all([
    db.query(
      `SELECT toUnixTimestamp64Milli(max(greatest_time)) AS ms FROM positions
       WHERE topic = {topic: String} AND partition = {partition: UInt32}`,
      params,
      z.object({ ms: z.number() }),
    ),
    db.query(
      `SELECT dimension, level, reach, toUnixTimestamp64Milli(window) AS windowMs, sum(peer_changes.changes) AS changes
       FROM peer_changes WHERE topic = {topic: String} AND partition = {partition: UInt32}
       GROUP BY dimension, level, reach, window`,
      params,
      changesSchema.omit({ topic: true, partition: true }).extend({ windowMs: z.number() }),
    ),
  ])
  return { reachedMs: reached[0]?.ms ?? 0, changes }
}
