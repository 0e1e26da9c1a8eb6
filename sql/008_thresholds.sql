-- From how many bits on the incidents of a day alert: taken once for each day on which one may begin, from the incidents
-- of the 28 days before it (docs/detection.md, Budget), and never changed, so that a block that is processed again
-- raises the same alerts.
--
-- ReplacingMergeTree and the insert token: the first write of a day wins, between processes too.
-- ORDER BY day, then the settings that it was taken under: other settings count from the moment they are set.
-- No partitions and no TTL: one row a day.
CREATE TABLE IF NOT EXISTS thresholds
(
    day Date32,
    budget_per_day Float64,
    fixed_bits Float64,
    bits Float64,
    -- Which rule decided: fixed, budget, chance, floor, ceiling.
    reason LowCardinality(String),
    -- Days with traffic that it rests on.
    days UInt16,
    -- Incidents a day that reached 8 bits, 8.25, 8.5, ... 40: as they were, and with single days cut.
    per_day Array(Float64),
    counted Array(Float64),
    taken_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (day, budget_per_day, fixed_bits)
SETTINGS non_replicated_deduplication_window = 100000;
