-- What tokens learned for the first time, for judging a value that is new to one of them by how far it is known.
--
-- Only columns are added to events, each with a value for the rows that are there, and views of their own.

-- firsts: four bits for each of network (bits 0 to 3), route (4 to 7) and agent (8 to 11): 0 nothing was new, else
--   1 + 4 * the topmost new level + c; c is 0 where it is no change, else 1 known in the tenant, 2 to anyone, 3 to nobody.
-- peer_window: as of when the peers were asked; what is learned within it is known from the next one on.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS firsts UInt16 DEFAULT 0 AFTER home,
    ADD COLUMN IF NOT EXISTS peer_window DateTime64(3, 'UTC') CODEC(Delta, ZSTD) AFTER firsts;

-- Who knows which values: for each prefix of a chain down to each level, tenant and log its first row.
-- The log stands in the key because within one everything is in the order of ingested_at: what a snapshot has seen of a
--   log is told by one time (peer_snapshots), and what comes later changes nothing that is told already.
-- ORDER BY dimension, prefix: asked for a few of them.
-- No partitions: what one block teaches is one part, so it is seen as a whole or not at all. What nobody learned for
--   months is deleted when the months of the other rollups are dropped.
CREATE TABLE IF NOT EXISTS peer_values
(
    dimension LowCardinality(String),
    -- The chain down to a level, with a | after it unless it is the last.
    prefix String,
    tenant String,
    topic LowCardinality(String),
    partition UInt32,
    first SimpleAggregateFunction(min, Tuple(ingested_at DateTime64(3, 'UTC'), peer_window DateTime64(3, 'UTC'))),
    -- The greatest time of an event with which a token learned it.
    last SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (dimension, prefix, tenant, topic, partition)
SETTINGS non_replicated_deduplication_window = 100000;

-- From before there were snapshots: known to everyone at once (no log, 1970), with the time of the first call.
-- Events may be gone already; a token without any has no tenant here.
INSERT INTO peer_values
SELECT
    dimension,
    taught.2 AS prefix,
    tenant,
    '' AS topic,
    0 AS partition,
    min(tuple(toDateTime64(0, 3, 'UTC'), toDateTime64(toStartOfTenMinutes(first_seen), 3, 'UTC'))) AS first,
    max(last_seen) AS last
FROM
(
    SELECT token_id, dimension, splitByChar('|', value) AS levels, first_seen, last_seen
    FROM token_values
    WHERE held = 0 AND dimension IN ('network', 'route', 'agent')
) AS known
LEFT ANY JOIN (SELECT token_id, argMax(toString(events.tenant), time) AS tenant FROM events GROUP BY token_id) AS tenants
    USING (token_id)
ARRAY JOIN [
    (toUInt8(1), concat(levels[1], '|')),
    (toUInt8(2), if(dimension = 'agent', concat(levels[1], '|', levels[2]), concat(levels[1], '|', levels[2], '|'))),
    (toUInt8(3), if(dimension = 'network', concat(levels[1], '|', levels[2], '|', levels[3], '|'),
        if(dimension = 'route', concat(levels[1], '|', levels[2], '|', levels[3]), '')))
] AS taught
WHERE taught.2 != ''
GROUP BY dimension, prefix, tenant
SETTINGS join_use_nulls = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS peer_values_view TO peer_values AS
SELECT
    toLowCardinality(taught.3) AS dimension,
    taught.4 AS prefix,
    toString(events.tenant) AS tenant,
    topic,
    partition,
    min(tuple(ingested_at, peer_window)) AS first,
    max(time) AS last
FROM events
ARRAY JOIN arrayFilter(
    level -> bitAnd(bitShiftRight(firsts, level.1), 15) != 0 AND bitAnd(bitShiftRight(firsts, level.1), 15) <= level.2,
    [
        (0, 4, 'network', concat(if(country = '', source_class, country), '|')),
        (0, 8, 'network', concat(if(country = '', source_class, country), '|', network, '|')),
        (0, 12, 'network', concat(if(country = '', source_class, country), '|', network, '|', events.prefix, '|')),
        (4, 4, 'route', concat(service, '|')),
        (4, 8, 'route', concat(service, '|', route, '|')),
        (4, 12, 'route', concat(service, '|', route, '|', method)),
        (8, 4, 'agent', concat(agent, '|')),
        (8, 8, 'agent', concat(agent, '|', agent_version))
    ]
) AS taught
WHERE firsts != 0 AND token_id != ''
GROUP BY dimension, prefix, tenant, topic, partition;

-- How often tokens with a history met something new, by how far it was known.
-- ORDER BY log, window: one log is read since the start of what is kept; totals are read of them all.
-- PARTITION BY month of event time, dropped with the other rollups.
CREATE TABLE IF NOT EXISTS peer_changes
(
    window DateTime64(3, 'UTC'),
    topic LowCardinality(String),
    partition UInt32,
    dimension LowCardinality(String),
    level UInt8,
    reach LowCardinality(String),
    changes SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(window)
ORDER BY (topic, partition, window, dimension, level, reach)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE MATERIALIZED VIEW IF NOT EXISTS peer_changes_view TO peer_changes AS
SELECT
    peer_window AS window,
    topic,
    partition,
    toLowCardinality(met.1) AS dimension,
    toUInt8(intDiv(met.2 - 1, 4)) AS level,
    toLowCardinality(['tenant', 'anyone', 'nobody'][bitAnd(met.2 - 1, 3)]) AS reach,
    count() AS changes
FROM events
ARRAY JOIN arrayFilter(
    dimension -> dimension.2 != 0 AND bitAnd(dimension.2 - 1, 3) != 0,
    [
        ('network', bitAnd(firsts, 15)),
        ('route', bitAnd(bitShiftRight(firsts, 4), 15)),
        ('agent', bitAnd(bitShiftRight(firsts, 8), 15))
    ]
) AS met
WHERE firsts != 0 AND token_id != ''
GROUP BY window, topic, partition, dimension, level, reach;

-- What was known of peers when a window began: taken once, whoever comes first, so that a block that is processed again
--   sees the same. body is JSON: how far each log was seen, and the changes of each that lay before.
-- ReplacingMergeTree and the insert token: the first write of a time wins, between processes too.
-- PARTITION BY month of event time, dropped with the rollups. ORDER BY slot: read by it.
CREATE TABLE IF NOT EXISTS peer_snapshots
(
    slot DateTime64(3, 'UTC'),
    body String CODEC(ZSTD),
    taken_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(slot)
ORDER BY slot
SETTINGS non_replicated_deduplication_window = 100000;
