-- What people say of incidents and of tokens, in the form in which detection uses it.
--
-- A verdict (benign, malicious) carries the values that it is about, found when it was given: the events that brought
--   them may be gone when a profile is loaded again. dimensions and values go together, place by place; from_time and
--   until_time are the event times of the incident whose calls it speaks of, 1970 where it speaks of none.
ALTER TABLE incident_actions
    ADD COLUMN IF NOT EXISTS dimensions Array(LowCardinality(String)) AFTER action,
    ADD COLUMN IF NOT EXISTS values Array(String) AFTER dimensions,
    ADD COLUMN IF NOT EXISTS from_time DateTime64(3, 'UTC') AFTER values,
    ADD COLUMN IF NOT EXISTS until_time DateTime64(3, 'UTC') AFTER from_time;

-- How often the incident had been resolved when the finding was made: after another resolve it opens again.
ALTER TABLE findings
    ADD COLUMN IF NOT EXISTS reopening UInt32 AFTER grave;

-- What a token's profile is to forget: all of it (dimension ''), or the values of a dimension that begin with these
--   levels. Event times before before_time count no more, once the token was used at or after it.
-- ORDER BY token: profiles are loaded by it. ReplacingMergeTree, so that one which is sent twice is one. No partitions
--   and no TTL: a handful of rows, and people ask later who made a token forget.
CREATE TABLE IF NOT EXISTS tombstones
(
    token_id String,
    dimension LowCardinality(String),
    prefix String,
    before_time DateTime64(3, 'UTC'),
    actor String,
    note String,
    written_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (token_id, written_at, dimension, prefix)
SETTINGS non_replicated_deduplication_window = 100000;
