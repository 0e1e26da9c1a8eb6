/** Which calls were accepted, in which order? Reads events back as they went into the fold. */
import { z } from 'zod'
import type { AccessEvent, EventId, EventTimeMs, SourceClass, TokenId } from '../event.ts'
import type { Database } from './database.ts'
import { type RowReader, readRows } from './row-binary.ts'

export interface StoredEvent {
  readonly event: AccessEvent
  readonly ingestedAtMs: number
}

/** Event times, the last one not included. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

export interface StoredSpan {
  readonly events: number
  readonly firstMs: number
  readonly lastMs: number
}

/** Of all events that are stored; undefined where there are none. */
export async function storedSpan(db: Database): Promise<StoredSpan | undefined> {
  const [row] = await db.query(
    `SELECT count() AS events, toUnixTimestamp64Milli(min(time)) AS first_ms, toUnixTimestamp64Milli(max(time)) AS last_ms
     FROM events`,
    {},
    z.object({ events: z.number(), first_ms: z.number(), last_ms: z.number() }),
  )
  if (row === undefined || row.events === 0) return undefined
  return { events: row.events, firstMs: row.first_ms, lastMs: row.last_ms }
}

/** Days on which events of this time were written, as year, month and day, and how many. */
export interface WrittenDay {
  readonly day: number
  readonly events: number
}

const IN_RANGE = `time >= fromUnixTimestamp64Milli({from: Int64}) AND time < fromUnixTimestamp64Milli({to: Int64})`

/** In order. */
export function writtenDays(db: Database, { fromMs, toMs }: TimeRange): Promise<WrittenDay[]> {
  return db.query(
    `SELECT toYYYYMMDD(ingested_at) AS day, count() AS events FROM events WHERE ${IN_RANGE} GROUP BY day ORDER BY day`,
    { from: fromMs, to: toMs },
    z.object({ day: z.number(), events: z.number() }),
  )
}

/**
 * Events in the order in which they were accepted: of each partition by position, and of several partitions block by
 * block as these were begun. The server sorts one day of writing at a time, on disk where that is large.
 */
export async function* storedEvents(
  db: Database,
  { fromMs, toMs }: TimeRange,
  days: readonly WrittenDay[],
  signal?: AbortSignal,
): AsyncGenerator<StoredEvent[]> {
  for (const { day } of days) {
    const bytes = db.stream(EVENTS_SQL, { from: fromMs, to: toMs, day }, signal)
    yield* readRows(bytes, readEvent)
  }
}

/** As `readEvent` takes them. What no detector looks at is left out. */
const EVENTS_SQL = `
SELECT toUInt64(toUnixTimestamp64Milli(ingested_at)), topic, partition, offset, record_index, event_id, time,
  token_id, token_name, tenant, service, region, environment,
  ip, source_text, source_class, country, geo_region, city, place, network, network_name, prefix, address,
  method, path, operation, route, status, error_code, agent, agent_version, bytes_in, bytes_out
FROM events WHERE toYYYYMMDD(ingested_at) = {day: UInt32} AND ${IN_RANGE}
ORDER BY ingested_at, topic, partition, offset, record_index
FORMAT RowBinary`

function readEvent(row: RowReader): StoredEvent {
  const ingestedAtMs = row.uint64()
  const position = { topic: row.text(), partition: row.uint32(), offset: row.uint64(), index: row.uint32() }
  const event: AccessEvent = {
    position,
    eventId: row.ownText() as EventId,
    timeMs: row.timeMs() as EventTimeMs,
    tokenId: row.text() as TokenId,
    tokenName: row.text(),
    tenant: row.text(),
    service: row.text(),
    region: row.text(),
    environment: row.text(),
    ip: row.text(),
    sourceText: row.text(),
    sourceClass: row.text() as SourceClass,
    country: row.text(),
    geoRegion: row.text(),
    city: row.text(),
    place: row.text(),
    network: row.text(),
    networkName: row.text(),
    prefix: row.text(),
    address: row.text(),
    method: row.text(),
    path: row.ownText(),
    operation: row.text(),
    route: row.text(),
    status: row.uint16(),
    errorCode: row.text(),
    agent: row.text(),
    agentVersion: row.text(),
    bytesIn: row.uint64(),
    bytesOut: row.uint64(),
    producerId: '',
    tokenKind: 'none',
    gatewayRoute: '',
    userAgent: '',
    latencyMs: 0,
    truncated: false,
  }
  return { event, ingestedAtMs }
}
