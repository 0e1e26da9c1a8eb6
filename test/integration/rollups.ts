/** Every rollup said once more over the raw rows: what the views hold must be what `events` gives by its masks. */
import { z } from 'zod'
import type { Database } from '../../src/store/database.ts'

const MASK_OF = { network: 1, route: 2, agent: 4, place: 8, refused_route: 16 } as const
const VALUE_OF = {
  network: `concat(if(country != '', country, toString(source_class)), '|', network, '|', prefix, '|', address)`,
  route: `concat(service, '|', route, '|', method)`,
  agent: `concat(agent, '|', agent_version)`,
  place: 'place',
  refused_route: `concat(service, '|', route, '|', method)`,
} as const

/** One SELECT for each dimension and for learned and held, where the view has one ARRAY JOIN over masks. */
const EXPECTED_VALUES = (Object.keys(MASK_OF) as (keyof typeof MASK_OF)[])
  .flatMap((dimension) =>
    (['learned', 'held'] as const).map(
      (mask) => `
      SELECT toString(toStartOfMonth(time)) AS month, token_id, '${dimension}' AS dimension, ${VALUE_OF[dimension]} AS value,
        ${mask === 'held' ? 1 : 0} AS held, min(time) AS first_seen, max(time) AS last_seen,
        maxIf(time, bitTest(fresh, ${Math.log2(MASK_OF[dimension])})) AS entered_at, count() AS hits,
        arraySort(groupUniqArray(toDayOfMonth(time))) AS days
      FROM (SELECT * REPLACE (events.${mask} AS learned) FROM events)
      WHERE bitTest(learned, ${Math.log2(MASK_OF[dimension])}) AND token_id != ''
      GROUP BY month, token_id, value`,
    ),
  )
  .join('\nUNION ALL\n')

const STORED_VALUES = `
  SELECT toString(month) AS month, token_id, toString(dimension) AS dimension, value, toUInt8(held) AS held,
    min(token_values.first_seen) AS first_seen, max(token_values.last_seen) AS last_seen,
    max(token_values.entered_at) AS entered_at, sum(token_values.hits) AS hits,
    arrayFilter(day -> bitTest(groupBitOr(token_values.days), day - 1), range(1, 32)) AS days
  FROM token_values GROUP BY month, token_id, dimension, value, held`

const COUNTS = ['calls', 'unauthorized', 'forbidden', 'not_found', 'rate_limited', 'server_errors', 'bytes'] as const

/** Returns to a source, of those that were learned (bits 7 and 8): by the hour only. */
const TURNS = ['network_turns', 'address_turns'] as const

/** Calls and bytes come from events that teach or hold counts (bit 5), errors from those that teach errors (bit 6). */
function expectedActivity(bucket: string, turns: readonly string[] = []): string {
  return `
  SELECT token_id, toUnixTimestamp(${bucket}(time)) AS bucket, toUInt8(bitTest(held, 5)) AS is_held,
    countIf(counts) AS calls, countIf(errors AND status = 401) AS unauthorized,
    countIf(errors AND status = 403) AS forbidden, countIf(errors AND status = 404) AS not_found,
    countIf(errors AND status = 429) AS rate_limited, countIf(errors AND status >= 500) AS server_errors,
    sumIf(bytes_in, counts) + sumIf(bytes_out, counts) AS bytes, maxIf(time, counts) AS last_seen
    ${turns.map((name, at) => `, countIf(bitTest(learned, ${7 + at})) AS ${name}`).join('')}
  FROM (SELECT *, bitTest(learned, 5) OR bitTest(held, 5) AS counts, bitTest(learned, 6) AS errors FROM events)
  WHERE token_id != '' AND (counts OR errors)
  GROUP BY token_id, bucket, is_held`
}

function storedActivity(table: string, turns: readonly string[] = []): string {
  return `
  SELECT token_id, toUnixTimestamp(bucket) AS bucket, held AS is_held,
    ${COUNTS.map((name) => `sum(${table}.${name}) AS ${name}`).join(', ')}, max(${table}.last_seen) AS last_seen
    ${turns.map((name) => `, sum(${table}.${name}) AS ${name}`).join('')}
  FROM ${table} GROUP BY token_id, bucket, is_held`
}

const ROLLUPS: Readonly<Record<string, { readonly stored: string; readonly expected: string }>> = {
  token_values: { stored: STORED_VALUES, expected: EXPECTED_VALUES },
  token_activity_hour: {
    stored: storedActivity('token_activity_hour', TURNS),
    expected: expectedActivity('toStartOfHour', TURNS),
  },
  token_activity_5min: {
    stored: storedActivity('token_activity_5min'),
    expected: expectedActivity('toStartOfFiveMinutes'),
  },
  source_activity: {
    stored: `SELECT toUnixTimestamp(bucket) AS bucket, network, token_id, sum(source_activity.calls) AS calls,
        sum(source_activity.refused) AS refused FROM source_activity GROUP BY bucket, network, token_id`,
    expected: `SELECT toUnixTimestamp(toStartOfTenMinutes(time)) AS bucket, network, token_id, count() AS calls,
        countIf(status = 401 OR status = 403 OR status = 404 OR status = 429) AS refused
      FROM events WHERE token_id != '' AND network != '' GROUP BY bucket, network, token_id`,
  },
  positions: {
    stored: `SELECT toString(topic) AS topic, partition, max(positions.greatest_offset) AS greatest_offset,
        max(positions.greatest_time) AS greatest_time, sum(positions.rows) AS rows FROM positions GROUP BY topic, partition`,
    expected: `SELECT toString(topic) AS topic, partition, max(offset) AS greatest_offset, max(time) AS greatest_time,
        count() AS rows FROM events GROUP BY topic, partition`,
  },
  peer_values: {
    stored: `SELECT toString(dimension) AS dimension, prefix AS value, tenant AS of, toString(topic) AS log, partition,
        min(first.ingested_at) AS stored, max(peer_values.last) AS last
      FROM peer_values GROUP BY dimension, value, of, log, partition`,
    expected: expectedPeers(),
  },
  peer_changes: {
    stored: `SELECT toString(topic) AS log, partition, window AS at, toString(dimension) AS dimension, toInt64(level) AS level,
        toString(reach) AS reach, sum(peer_changes.changes) AS changes
      FROM peer_changes GROUP BY log, partition, at, dimension, level, reach`,
    expected: expectedChanges(),
  },
}

/** Every level from the topmost new one on: code 1 to 4 is the first level, 5 to 8 the second, 9 to 12 the third. */
function expectedPeers(): string {
  const codes = { network: 'bitAnd(firsts, 15)', route: 'bitAnd(intDiv(firsts, 16), 15)', agent: 'intDiv(firsts, 256)' }
  const depths = { network: 3, route: 3, agent: 2 }
  return (Object.keys(codes) as (keyof typeof codes)[])
    .flatMap((dimension) =>
      Array.from({ length: depths[dimension] }, (_, level) => {
        const chain = `splitByChar('|', ${VALUE_OF[dimension]})`
        const rest = `if(length(${chain}) > ${level + 1}, '|', '')`
        return `SELECT '${dimension}' AS dimension,
          concat(arrayStringConcat(arraySlice(${chain}, 1, ${level + 1}), '|'), ${rest}) AS value,
          toString(tenant) AS of, toString(topic) AS log, partition, min(ingested_at) AS stored, max(time) AS last
        FROM events WHERE ${codes[dimension]} > 0 AND ${codes[dimension]} <= ${4 * level + 4} AND token_id != ''
        GROUP BY value, of, log, partition`
      }),
    )
    .join('\nUNION ALL\n')
}

/** The rest of a code by four says how far the value was known, if it was a change at all. */
function expectedChanges(): string {
  return [0, 4, 8]
    .map((shift, at) => {
      const code = `bitAnd(bitShiftRight(firsts, ${shift}), 15)`
      return `SELECT toString(topic) AS log, partition, peer_window AS at, '${['network', 'route', 'agent'][at]}' AS dimension,
        intDiv(${code} - 1, 4) AS level,
        multiIf(${code} % 4 = 2, 'tenant', ${code} % 4 = 3, 'anyone', 'nobody') AS reach, count() AS changes
      FROM events WHERE ${code} > 0 AND ${code} % 4 != 1 AND token_id != ''
      GROUP BY log, partition, at, level, reach`
    })
    .join('\nUNION ALL\n')
}

export interface RollupDifference {
  readonly rollup: string
  /** Groups in the rollup. */
  readonly groups: number
  /** In the rollup, but `events` does not give them. */
  readonly wrong: number
  /** `events` gives them, but they are not in the rollup. */
  readonly missing: number
}

/** For each rollup how it differs from `events`; all is well where `wrong` and `missing` are 0. */
export async function rollupDifferences(db: Database): Promise<RollupDifference[]> {
  const count = z.object({ groups: z.number(), wrong: z.number(), missing: z.number() })
  return Promise.all(
    Object.entries(ROLLUPS).map(async ([rollup, { stored, expected }]) => {
      const [row] = await db.query(
        `SELECT (SELECT count() FROM (${stored})) AS groups,
           (SELECT count() FROM ((${stored}) EXCEPT DISTINCT (${expected}))) AS wrong,
           (SELECT count() FROM ((${expected}) EXCEPT DISTINCT (${stored}))) AS missing`,
        {},
        count,
      )
      return { rollup, ...(row as z.infer<typeof count>) }
    }),
  )
}
