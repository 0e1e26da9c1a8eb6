-- Every token's baseline, kept by one materialized view per target and fed by events alone.
--
-- Only aggregates that do not depend on order (min, max, sum, or), so that a profile read from here equals the profile
--   folded live. AggregatingMergeTree with SimpleAggregateFunction: values are plain columns, cheap to read. Parts merge
--   in the background, so readers aggregate again (GROUP BY the key).
-- PARTITION BY month of event time: old months are dropped whole once every watermark is far past them. No TTL: one on
--   an aggregating table lost the first-seen time of values still in use.
-- The month stands in the sort key too, so that rows of different months are never merged, FINAL included.
-- The deduplication window holds for views as well: a block inserted again under its token fills only what is missing.
-- Masks: 1 network, 2 route, 4 agent, 8 place, 16 refused route, 32 counts, 64 errors.

-- The values that a token used in each dimension, and when. held is 1 where the value was in quarantine.
-- ORDER BY token, dimension: a profile is loaded by token. The primary index leaves the long values out.
CREATE TABLE IF NOT EXISTS token_values
(
    month Date,
    token_id String,
    dimension LowCardinality(String),
    value String,
    held UInt8,
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    -- The greatest time of an event with which the value entered the token's bounded profile, 1970 for none.
    entered_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    hits SimpleAggregateFunction(sum, UInt64),
    -- Bit d-1 is set where the value was used on day d of the month (UTC).
    days SimpleAggregateFunction(groupBitOr, UInt32)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(month)
PRIMARY KEY (token_id, dimension)
ORDER BY (token_id, dimension, value, held, month)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE MATERIALIZED VIEW IF NOT EXISTS token_values_view TO token_values AS
SELECT
    toDate(toStartOfMonth(time)) AS month,
    token_id,
    toLowCardinality(taught.2) AS dimension,
    taught.3 AS value,
    toUInt8(bitAnd(events.held, taught.1) != 0) AS held,
    min(time) AS first_seen,
    max(time) AS last_seen,
    maxIf(time, bitAnd(fresh, taught.1) != 0) AS entered_at,
    count() AS hits,
    groupBitOr(bitShiftLeft(toUInt32(1), toDayOfMonth(time) - 1)) AS days
FROM events
ARRAY JOIN arrayFilter(
    dimension -> bitAnd(bitOr(learned, events.held), dimension.1) != 0,
    [
        (toUInt16(1), 'network', concat(if(country = '', source_class, country), '|', network, '|', prefix, '|', address)),
        (toUInt16(2), 'route', concat(service, '|', route, '|', method)),
        (toUInt16(4), 'agent', concat(agent, '|', agent_version)),
        (toUInt16(8), 'place', place),
        (toUInt16(16), 'refused_route', concat(service, '|', route, '|', method))
    ]
) AS taught
WHERE token_id != ''
GROUP BY month, token_id, dimension, value, held;

-- How much a token did, by hour and by five minutes. Refused calls and server errors count whatever held is, from
-- events that teach errors; calls, bytes and last_seen come from events that teach counts.
-- ORDER BY token, then bucket: profiles and timelines read one token over time.
CREATE TABLE IF NOT EXISTS token_activity_hour
(
    month Date,
    token_id String,
    bucket DateTime('UTC'),
    held UInt8,
    calls SimpleAggregateFunction(sum, UInt64),
    unauthorized SimpleAggregateFunction(sum, UInt64),
    forbidden SimpleAggregateFunction(sum, UInt64),
    not_found SimpleAggregateFunction(sum, UInt64),
    rate_limited SimpleAggregateFunction(sum, UInt64),
    server_errors SimpleAggregateFunction(sum, UInt64),
    bytes SimpleAggregateFunction(sum, UInt64),
    -- The greatest time of an event that counts, 1970 for none.
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(month)
ORDER BY (token_id, bucket, held, month)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE TABLE IF NOT EXISTS token_activity_5min
(
    month Date,
    token_id String,
    bucket DateTime('UTC'),
    held UInt8,
    calls SimpleAggregateFunction(sum, UInt64),
    unauthorized SimpleAggregateFunction(sum, UInt64),
    forbidden SimpleAggregateFunction(sum, UInt64),
    not_found SimpleAggregateFunction(sum, UInt64),
    rate_limited SimpleAggregateFunction(sum, UInt64),
    server_errors SimpleAggregateFunction(sum, UInt64),
    bytes SimpleAggregateFunction(sum, UInt64),
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(month)
ORDER BY (token_id, bucket, held, month)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE MATERIALIZED VIEW IF NOT EXISTS token_activity_hour_view TO token_activity_hour AS
SELECT
    toDate(toStartOfMonth(time)) AS month,
    token_id,
    toDateTime(toStartOfHour(time), 'UTC') AS bucket,
    toUInt8(bitAnd(events.held, 32) != 0) AS held,
    countIf(bitAnd(bitOr(learned, events.held), 32) != 0) AS calls,
    countIf(status = 401 AND bitAnd(learned, 64) != 0) AS unauthorized,
    countIf(status = 403 AND bitAnd(learned, 64) != 0) AS forbidden,
    countIf(status = 404 AND bitAnd(learned, 64) != 0) AS not_found,
    countIf(status = 429 AND bitAnd(learned, 64) != 0) AS rate_limited,
    countIf(status >= 500 AND bitAnd(learned, 64) != 0) AS server_errors,
    sumIf(bytes_in + bytes_out, bitAnd(bitOr(learned, events.held), 32) != 0) AS bytes,
    maxIf(time, bitAnd(bitOr(learned, events.held), 32) != 0) AS last_seen
FROM events
WHERE token_id != '' AND (bitAnd(bitOr(learned, events.held), 32) != 0 OR bitAnd(learned, 64) != 0)
GROUP BY month, token_id, bucket, held;

CREATE MATERIALIZED VIEW IF NOT EXISTS token_activity_5min_view TO token_activity_5min AS
SELECT
    toDate(toStartOfMonth(time)) AS month,
    token_id,
    toDateTime(toStartOfFiveMinutes(time), 'UTC') AS bucket,
    toUInt8(bitAnd(events.held, 32) != 0) AS held,
    countIf(bitAnd(bitOr(learned, events.held), 32) != 0) AS calls,
    countIf(status = 401 AND bitAnd(learned, 64) != 0) AS unauthorized,
    countIf(status = 403 AND bitAnd(learned, 64) != 0) AS forbidden,
    countIf(status = 404 AND bitAnd(learned, 64) != 0) AS not_found,
    countIf(status = 429 AND bitAnd(learned, 64) != 0) AS rate_limited,
    countIf(status >= 500 AND bitAnd(learned, 64) != 0) AS server_errors,
    sumIf(bytes_in + bytes_out, bitAnd(bitOr(learned, events.held), 32) != 0) AS bytes,
    maxIf(time, bitAnd(bitOr(learned, events.held), 32) != 0) AS last_seen
FROM events
WHERE token_id != '' AND (bitAnd(bitOr(learned, events.held), 32) != 0 OR bitAnd(learned, 64) != 0)
GROUP BY month, token_id, bucket, held;

-- What one network did with how many tokens, for attacks that no single token shows.
-- ORDER BY bucket first: sources are read for a short window over all networks.
CREATE TABLE IF NOT EXISTS source_activity
(
    bucket DateTime('UTC'),
    network String,
    token_id String,
    calls SimpleAggregateFunction(sum, UInt64),
    refused SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (bucket, network, token_id)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE MATERIALIZED VIEW IF NOT EXISTS source_activity_view TO source_activity AS
SELECT
    toDateTime(toStartOfTenMinutes(time), 'UTC') AS bucket,
    network,
    token_id,
    count() AS calls,
    countIf(status IN (401, 403, 404, 429)) AS refused
FROM events
WHERE token_id != '' AND network != ''
GROUP BY bucket, network, token_id;

-- How far each log was stored. No partitions and never dropped: one row per Kafka partition or file.
CREATE TABLE IF NOT EXISTS positions
(
    topic LowCardinality(String),
    partition UInt32,
    greatest_offset SimpleAggregateFunction(max, UInt64),
    greatest_time SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    rows SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (topic, partition)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE MATERIALIZED VIEW IF NOT EXISTS positions_view TO positions AS
SELECT
    topic,
    partition,
    max(offset) AS greatest_offset,
    max(time) AS greatest_time,
    count() AS rows
FROM events
GROUP BY topic, partition;
