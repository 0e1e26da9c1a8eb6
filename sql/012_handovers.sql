-- What a token that was rotated in was given of its predecessor's profile: taken once, when the token is first met, and
-- never changed, so that a block that is processed again, or a profile that is loaded again, has the same.
--
-- body is the predecessor's values, active hours and hourly counts of before the token's created_at as JSON.
-- ORDER BY token, then the time it was taken: the first row of a token holds. The insert token lets no second one in.
-- PARTITION BY month of created_at: all that is in a row lies before it, so it is dropped with the rollups.
CREATE TABLE IF NOT EXISTS handovers
(
    token_id String,
    predecessor String,
    created_at DateTime64(3, 'UTC'),
    body String CODEC(ZSTD),
    taken_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(created_at)
ORDER BY (token_id, taken_at)
SETTINGS non_replicated_deduplication_window = 100000;
