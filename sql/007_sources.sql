-- What sources do with many tokens: how each token stood to the source of its call, and whom each source is home to.
--
-- Only columns are added to events, each with a value for the rows that are there, and views of their own.

-- sight: bits 0 to 2 are the topmost level of the network chain at which the token was never seen before (0 country, 1
--   network, 2 prefix, 3 address, 4 none, 7 no source); then 8 home for more than a day, 16 young, 32 never seen at all,
--   64 surprised, 128 its client was judged, 256 its client was new too.
-- home: the network where the token was seen last before, where it was new to the source.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS sight UInt16 DEFAULT 7 AFTER fresh,
    ADD COLUMN IF NOT EXISTS home LowCardinality(String) AFTER sight;

-- Visits of tokens where they were never seen and where that means something: of those that are surprised, and of those
--   that are too young to be. Their latest call there of each outcome, in ten minutes.
-- AggregatingMergeTree of a maximum, which does not depend on order: the latest call, ties broken by its id.
-- ORDER BY bucket first: all sources are read for a short window.
-- PARTITION BY month of event time, dropped with the other rollups.
CREATE TABLE IF NOT EXISTS source_visits
(
    bucket DateTime('UTC'),
    network String,
    prefix String,
    address String,
    token_id String,
    -- unauthorized 401, forbidden 403, admitted all others.
    outcome LowCardinality(String),
    latest SimpleAggregateFunction(max, Tuple(
        time DateTime64(3, 'UTC'), event_id String, sight UInt16, home String, tenant String, token_name String,
        status UInt16, ip String, country String, network_name String,
        topic String, partition UInt32, offset UInt64, record_index UInt32))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
ORDER BY (bucket, network, prefix, address, token_id, outcome)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE MATERIALIZED VIEW IF NOT EXISTS source_visits_view TO source_visits AS
SELECT
    toDateTime(toStartOfTenMinutes(events.time), 'UTC') AS bucket,
    network,
    prefix,
    address,
    token_id,
    multiIf(status = 401, 'unauthorized', status = 403, 'forbidden', 'admitted') AS outcome,
    max(tuple(
        events.time, event_id, sight, toString(home), toString(tenant), token_name,
        status, ip, toString(country), toString(network_name),
        toString(topic), partition, offset, record_index)) AS latest
FROM events
WHERE token_id != '' AND address != '' AND bitAnd(sight, 7) < 4 AND bitAnd(sight, 80) != 0
GROUP BY bucket, network, prefix, address, token_id, outcome;

-- The companies whose tokens have known an address for more than a day, by month.
-- ORDER BY network, prefix, address: asked for a few of them.
CREATE TABLE IF NOT EXISTS source_homes
(
    month Date,
    network String,
    prefix String,
    address String,
    token_id String,
    tenant SimpleAggregateFunction(max, String)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(month)
ORDER BY (network, prefix, address, token_id, month)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE MATERIALIZED VIEW IF NOT EXISTS source_homes_view TO source_homes AS
SELECT
    toDate(toStartOfMonth(time)) AS month,
    network,
    prefix,
    address,
    token_id,
    max(toString(events.tenant)) AS tenant
FROM events
WHERE token_id != '' AND address != '' AND bitAnd(sight, 8) != 0
GROUP BY month, network, prefix, address, token_id;

-- What was known of sources when ten minutes began, for the detectors that look at one token: taken once, whoever comes
--   first, so that a block that is processed again sees the same. body is the visits of the hour before as JSON.
-- ReplacingMergeTree and the insert token: the first write of a slot wins, between processes too.
-- PARTITION BY month of event time, dropped with the rollups. ORDER BY slot: read by it.
CREATE TABLE IF NOT EXISTS source_snapshots
(
    slot DateTime64(3, 'UTC'),
    body String CODEC(ZSTD),
    taken_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(slot)
ORDER BY slot
SETTINGS non_replicated_deduplication_window = 100000;
