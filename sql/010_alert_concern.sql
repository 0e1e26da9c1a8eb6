-- Whom an alert is for: misuse, availability, or governance, which waits for the daily review. Rows of before were sent at
-- once, whatever they were about.
ALTER TABLE alerts
    ADD COLUMN IF NOT EXISTS concern LowCardinality(String) DEFAULT 'misuse' AFTER kind;
