-- How long rows are kept, by the time they were written: what a producer claims as an event's time must neither delete
-- a row early nor keep it for ever. Applied after the numbered migrations, whenever the configured days have changed.
-- Rollups have no TTL; see 003.

-- Raw calls: the largest table. Its partitions are days of ingested_at, so whole parts are dropped.
ALTER TABLE events MODIFY TTL toDateTime(ingested_at) + toIntervalDay({{eventsDays}});

-- For repairing what a producer sends wrongly, soon after.
ALTER TABLE dead_letters MODIFY TTL toDateTime(ingested_at) + toIntervalDay({{deadLettersDays}});

-- More than a year of what was found, told and done, for audits and for comparing with last year.
ALTER TABLE findings MODIFY TTL toDateTime(ingested_at) + toIntervalDay({{findingsDays}});
ALTER TABLE alerts MODIFY TTL toDateTime(ingested_at) + toIntervalDay({{findingsDays}});
ALTER TABLE deliveries MODIFY TTL toDateTime(attempted_at) + toIntervalDay({{findingsDays}});
ALTER TABLE incident_actions MODIFY TTL toDateTime(acted_at) + toIntervalDay({{findingsDays}});
