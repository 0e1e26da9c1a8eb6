-- One row per accepted call. docs/schema.md says what each column means.
--
-- PARTITION BY the day of ingested_at: retention goes by the time written, so a whole day is dropped at once, whatever
--   times the producers claimed; and a block has one ingested_at, so it is one part, and its insert token one entry.
-- ORDER BY token, then time: analysts and profile loaders ask for one token over time. The position makes the order
--   total. Nothing is deduplicated here: equal events are events of their own.
-- The deduplication window counts (partition, token) pairs; a repeated block is dropped while its token is in it.
-- The TTL is in retention.sql, for the days are configured.
CREATE TABLE IF NOT EXISTS events
(
    topic LowCardinality(String),
    partition UInt32,
    offset UInt64 CODEC(Delta, ZSTD),
    record_index UInt32,
    ingested_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    event_id String,
    producer_id String,
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    token_id String,
    token_kind LowCardinality(String),
    key_id LowCardinality(String),
    token_name String,
    tenant LowCardinality(String),
    service LowCardinality(String),
    region LowCardinality(String),
    environment LowCardinality(String),
    ip String,
    source_text String,
    source_class LowCardinality(String),
    country LowCardinality(String),
    geo_region LowCardinality(String),
    city LowCardinality(String),
    place String,
    network String,
    network_name LowCardinality(String),
    prefix String,
    address String,
    method LowCardinality(String),
    path String,
    gateway_route String,
    operation String,
    route String,
    status UInt16,
    error_code LowCardinality(String),
    user_agent String,
    agent LowCardinality(String),
    agent_version LowCardinality(String),
    bytes_in UInt64,
    bytes_out UInt64,
    latency_ms Float32,
    truncated UInt8,
    surprise_bits Float32,
    reasons Array(LowCardinality(String)),
    incident_id String,
    learned UInt16,
    held UInt16,
    fresh UInt16,
    -- For looking up an event that an alert names without knowing its token.
    INDEX event_id_bloom event_id TYPE bloom_filter(0.01) GRANULARITY 4,
    -- For "who else called from this address".
    INDEX ip_bloom ip TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ingested_at)
ORDER BY (token_id, time, topic, partition, offset, record_index)
SETTINGS non_replicated_deduplication_window = 100000, ttl_only_drop_parts = 1;
