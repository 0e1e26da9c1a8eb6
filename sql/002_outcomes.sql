-- What detection and delivery wrote. These tables are small beside events.
--
-- ReplacingMergeTree, because a replay or a block processed again gives rows with the same ids: it merges rows with
--   equal sort keys, but only within a partition. Hence partitions and sort keys hold event times and ids alone, which
--   come out the same each time, and never the time written. Rows merge in the background: read them FINAL.
-- PARTITION BY month of event time: few partitions even when years of history are replayed.
-- The TTLs, by the time written, are in retention.sql.

-- ORDER BY subject, then time: "what was found about this token", and all findings of an incident lie together.
CREATE TABLE IF NOT EXISTS findings
(
    finding_id String,
    incident_id String,
    subject_kind LowCardinality(String),
    subject String,
    token_name String,
    tenant String,
    detector LowCardinality(String),
    event_id String,
    time DateTime64(3, 'UTC'),
    bucket DateTime64(3, 'UTC'),
    step UInt16,
    bits Float32,
    seen String,
    normal String,
    numbers Map(LowCardinality(String), Float64),
    snapshot String,
    ip String,
    country String,
    network String,
    topic LowCardinality(String),
    partition UInt32,
    offset UInt64,
    ingested_at DateTime64(3, 'UTC'),
    INDEX incident_bloom incident_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (subject, time, finding_id)
SETTINGS non_replicated_deduplication_window = 100000;

-- The outbox. body is the whole alert as JSON, for the targets; the columns beside it are for analysts.
-- ORDER BY time, then id: the outbox and people ask for the latest alerts.
CREATE TABLE IF NOT EXISTS alerts
(
    alert_id String,
    incident_id String,
    kind LowCardinality(String),
    severity LowCardinality(String),
    reopening UInt32,
    subject_kind LowCardinality(String),
    subject String,
    token_name String,
    tenant String,
    title String,
    time DateTime64(3, 'UTC'),
    began_at DateTime64(3, 'UTC'),
    surprise_bits Float32,
    detectors Array(LowCardinality(String)),
    detector_bits Array(Float32),
    event_ids Array(String),
    ips Array(String),
    evidence_query String,
    body String,
    topic LowCardinality(String),
    partition UInt32,
    offset UInt64,
    ingested_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (time, alert_id)
SETTINGS non_replicated_deduplication_window = 100000;

-- One attempt to hand one alert to one target. retry_at is 1970 where the outcome is final.
-- PARTITION BY month of the attempt, which has no event time of its own.
-- ORDER BY alert and target: the outbox asks what became of an alert. The attempt's time is no part of it, so that two
--   rows of one attempt are one row even across a month's end.
CREATE TABLE IF NOT EXISTS deliveries
(
    delivery_id String,
    alert_id String,
    target LowCardinality(String),
    attempt UInt32,
    outcome LowCardinality(String),
    status UInt16,
    failure LowCardinality(String),
    detail String,
    attempted_at DateTime64(3, 'UTC'),
    retry_at DateTime64(3, 'UTC'),
    duration_ms UInt32
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(attempted_at)
ORDER BY (alert_id, target, attempt, delivery_id)
SETTINGS non_replicated_deduplication_window = 100000;

-- What people did with an incident: acknowledge, benign, malicious, resolve; one row each.
-- An action counts for events whose ingested_at is after acted_at.
-- ORDER BY incident: the view incidents and the profile loader ask by it.
CREATE TABLE IF NOT EXISTS incident_actions
(
    action_id String,
    incident_id String,
    subject String,
    action LowCardinality(String),
    actor String,
    note String,
    acted_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(acted_at)
ORDER BY (incident_id, acted_at, action_id)
SETTINGS non_replicated_deduplication_window = 100000;

-- A record that could not become an event. Its id is its position, and it has no event time, so there are no
--   partitions: a record that is processed again always meets its earlier row.
-- ORDER BY position: its id.
CREATE TABLE IF NOT EXISTS dead_letters
(
    topic LowCardinality(String),
    partition UInt32,
    offset UInt64,
    record_index UInt32,
    ingested_at DateTime64(3, 'UTC'),
    reason LowCardinality(String),
    detail String,
    excerpt String,
    length_bytes UInt64,
    sha256 String
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, partition, offset, record_index)
SETTINGS non_replicated_deduplication_window = 100000;

-- Small facts that must survive a restart, such as the first run's start and the fingerprint key's id.
-- ReplacingMergeTree by written_at: a deliberate replacement wins. First write wins by its insert token.
-- No TTL: it holds a handful of rows.
CREATE TABLE IF NOT EXISTS state
(
    key String,
    value String,
    written_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(written_at)
ORDER BY key
SETTINGS non_replicated_deduplication_window = 100000;
