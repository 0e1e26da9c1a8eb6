/**
 * A second implementation of the bits of findings, in SQL over `events` as they stood before the finding's event, written
 * from docs/architecture.md and apart from the code. Of one partition, whose offsets say what came before, and of
 * histories that fit into every window and table: less than six months, no more values than a profile holds.
 */

/** Calls before the one in question, with the value of a dimension that each of them could teach. */
const PAST = `
  SELECT toUnixTimestamp64Milli(time) AS ms, learned, held, network, concat(
      if(country = '', source_class, country), '|', network, '|', prefix, '|', address) AS source,
    multiIf({bit: UInt16} = 1, source, {bit: UInt16} = 4, concat(agent, '|', agent_version),
      concat(service, '|', route, '|', method)) AS value
  FROM events WHERE token_id = {token: String} AND offset < {offset: UInt64}`

/** What a value costs that was never seen, by Pitman and Yor's mass of the unseen. */
export const NEW_VALUE_SQL = `
WITH
  past AS (${PAST}),
  splitByChar('|', {chain: String}) AS own,
  (SELECT groupUniqArray(intDiv(ms, 3600000)) FROM past WHERE bitAnd(learned, 32) != 0) AS hours,
  (SELECT groupArray((path, in_quarantine, first_ms, days)) FROM (
    SELECT splitByChar('|', value) AS path, in_quarantine, min(ms) AS first_ms,
      groupUniqArray(intDiv(ms, 86400000)) AS days
    FROM (
      SELECT value, ms, bitAnd(held, {bit: UInt16}) != 0 AS in_quarantine FROM past
      WHERE bitAnd(bitOr(learned, held), {bit: UInt16}) != 0)
    GROUP BY value, in_quarantine)) AS entries,
  (SELECT max(toUnixTimestamp64Milli(time)) FROM findings FINAL
    WHERE subject = {token: String} AND concern = 'misuse' AND offset < {offset: UInt64}) AS found_ms,
  greatest({at: Int64}, (SELECT max(ms) FROM past WHERE bitAnd(bitOr(learned, held), 32) != 0)) AS now_ms,
  now_ms - {gap: Int64} >= found_ms AS is_calm,
  -- The topmost level that is neither known nor adopted out of quarantine.
  arrayFirstIndex(level -> NOT arrayExists(entry -> arraySlice(entry.1, 1, level) = arraySlice(own, 1, level)
      AND (NOT entry.2 OR (is_calm AND entry.3 <= now_ms - {adopt: Int64})), entries), arrayEnumerate(own)) AS place,
  arrayFilter(entry -> arraySlice(entry.1, 1, place - 1) = arraySlice(own, 1, place - 1), entries) AS family,
  arrayFilter(entry -> NOT entry.2, family) AS learned_family,
  (of -> arrayMap(name -> arrayMin(arrayMap(entry -> entry.3, arrayFilter(entry -> arraySlice(entry.1, 1, place) = name, of))),
      arrayDistinct(arrayMap(entry -> arraySlice(entry.1, 1, place), of)))) AS firsts_of,
  (firsts -> length(arrayDistinct(arrayMap(ms -> intDiv(ms, 3600000), firsts)))) AS hours_of,
  length(hours) AS n_anywhere,
  least(n_anywhere, hours_of(firsts_of(entries))) AS k_anywhere,
  arrayDistinct(arrayFlatten(arrayMap(entry -> entry.4, learned_family))) AS family_days,
  arrayCount(hour -> has(family_days, intDiv(hour, 24)), hours) AS n_within,
  least(n_within, hours_of(firsts_of(learned_family))) AS k_within,
  ((n, k) -> least(0.9, greatest(0.05, if(n < 2 OR k < 1, 0, log(k) / log(n))))) AS delta_of,
  ((n, k) -> -log2((1 + delta_of(n, k) * k) / (n + 1))) AS bits_of,
  if(place = 1, bits_of(n_anywhere, k_anywhere),
    least(bits_of(n_within, k_within), bits_of(n_anywhere, k_anywhere))) AS unseen_bits,
  -- It came before and is in quarantine, or another one beside it came within the day, but not with their parent.
  arrayExists(entry -> entry.2 AND arraySlice(entry.1, 1, place) = arraySlice(own, 1, place), entries)
    OR arrayExists(ms -> ms > {at: Int64} - 86400000 AND ms <= {at: Int64}
      AND ms != arrayMin(arrayMap(entry -> entry.3, family)), firsts_of(family)) AS goes_on
SELECT least(if(goes_on, 4, 1000), greatest(0, unseen_bits + {peers: Float64})) AS bits`

/** How often a token returns to a source after another one, of its hours by how busy they were. */
export const CONCURRENT_USE_SQL = `
WITH
  past AS (${PAST}),
  intDiv({at: Int64}, 3600000) AS now_hour,
  (SELECT groupArray((network, last_ms)) FROM (
    SELECT network, source, max(ms) AS last_ms FROM past WHERE bitAnd(bitOr(learned, held), 1) != 0
    GROUP BY network, source ORDER BY last_ms DESC, source DESC LIMIT 4)) AS recent,
  (SELECT max(ms) FROM past WHERE source = {chain: String} AND bitAnd(bitOr(learned, held), 1) != 0) AS own_ms,
  splitByChar('|', {chain: String})[2] AS own_network,
  arrayExists(one -> one.2 > own_ms AND one.2 <= {at: Int64} AND one.1 != own_network, recent) AS is_elsewhere,
  by_hour AS (
    SELECT intDiv(ms, 3600000) AS hour, countIf(bitAnd(learned, 32) != 0) AS taught,
      countIf(bitAnd(past.held, 32) != 0) AS quarantined, countIf(bitAnd(learned, 128) != 0) AS network_turns,
      countIf(bitAnd(learned, 256) != 0) AS address_turns
    FROM past GROUP BY hour),
  1 + coalesce((SELECT max(taught + quarantined) FROM by_hour WHERE hour IN (now_hour, now_hour - 1)), 0) AS calls,
  (SELECT groupArray((if(is_elsewhere, network_turns, address_turns), counted)) FROM (
    SELECT *, taught + if(hour <= now_hour - intDiv({adopt: Int64}, 3600000), quarantined, 0) AS counted FROM by_hour
    WHERE hour < now_hour AND hour >= now_hour - 672)
    WHERE counted > 0) AS past_hours,
  arrayCount(seen -> seen.1 > 0, past_hours) AS turning,
  arraySum(seen -> if(seen.1 > 0, 1, least(1, seen.2 / least(8, calls))), past_hours) AS showing,
  -log2((turning + 0.5) / (showing + 1)) * if(is_elsewhere, 1, 0.7) AS rare_bits,
  (SELECT max(toUnixTimestamp64Milli(bucket)) FROM findings FINAL
    WHERE subject = {token: String} AND detector = 'concurrent-use' AND offset < {offset: UInt64}) AS told_ms
SELECT if(told_ms > 0 AND now_hour * 3600000 - told_ms <= 86400000, least(4, rare_bits), rare_bits) AS bits`

/** On how many days a token worked at about this hour, of all days and of workdays or weekend days alike. */
export const UNUSUAL_HOUR_SQL = `
WITH
  past AS (${PAST}),
  intDiv({at: Int64}, 86400000) AS today,
  intDiv({at: Int64}, 3600000) % 24 AS hour_now,
  (day -> (day + 3) % 7 >= 5) AS is_weekend,
  (SELECT groupUniqArray((intDiv(ms, 86400000), intDiv(ms, 3600000) % 24)) FROM past
    WHERE bitAnd(learned, 32) != 0 AND intDiv(ms, 86400000) < today) AS worked,
  range(toUInt32(arrayMin(arrayMap(one -> one.1, worked))), toUInt32(today)) AS days,
  arrayFilter(day -> is_weekend(day) = is_weekend(today), days) AS alike,
  ((among, reach) -> arrayMax(arrayMap(off -> arrayCount(one -> one.2 = (hour_now + off + 24) % 24 AND has(among, one.1),
      worked), range(-reach, reach + 1)))) AS days_near,
  (among -> -log2(least(1, (days_near(among, 1) + 0.5) / (length(among) + 1)))) AS bits_of
SELECT greatest(bits_of(days), bits_of(alike)) + if(days_near(days, 3) = 0, 4, 0) AS bits`

/** The mass of the unseen over active hours, and the prior for a change of the kind of work. */
export const FIRST_WRITE_SQL = `
WITH past AS (${PAST})
SELECT log2(uniqExact(intDiv(ms, 3600000)) + 1) AS bits FROM past WHERE bitAnd(learned, 32) != 0`

/** Pauses between active days of an unknown rate: the Lomax tail of the silence. */
export const DORMANT_TOKEN_SQL = `
WITH
  past AS (${PAST}),
  (SELECT max(ms) FROM past WHERE bitAnd(bitOr(learned, held), 32) != 0) AS latest_ms
SELECT least(12, (count() - 1) * log2(1 + ({at: Int64} - latest_ms) / 86400000 / (max(day) - min(day)))) AS bits
FROM (SELECT DISTINCT intDiv(ms, 86400000) AS day FROM past WHERE bitAnd(learned, 32) != 0)`
