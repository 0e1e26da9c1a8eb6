-- Evidence that adds up: what a token's sum came to with each finding, so that it can be taken up again, whom a finding
-- concerns and how grave it is; returns to a source by hour; incidents by the highest sum.
--
-- Only columns are added, each with a value for the rows that are there, so it can run while an older program writes.
-- Rows of before have no cause and no sum: their incidents keep the plain sum of their bits.
ALTER TABLE findings
    ADD COLUMN IF NOT EXISTS cause LowCardinality(String) AFTER detector,
    ADD COLUMN IF NOT EXISTS concern LowCardinality(String) DEFAULT 'misuse' AFTER cause,
    ADD COLUMN IF NOT EXISTS sum_bits Float32 AFTER bits,
    ADD COLUMN IF NOT EXISTS window DateTime64(3, 'UTC') AFTER sum_bits,
    ADD COLUMN IF NOT EXISTS carried_bits Float32 AFTER window,
    ADD COLUMN IF NOT EXISTS severity_min LowCardinality(String) AFTER carried_bits,
    ADD COLUMN IF NOT EXISTS grave UInt8 AFTER severity_min,
    ADD COLUMN IF NOT EXISTS record_index UInt32 AFTER offset;

-- Calls that were returns to a source, of those that were learned: masks 128 (from another network) and 256 (from
-- another address of the same one). They come through a view of their own into the table that is there. To change the
-- view that feeds it would make it forget its insert tokens (measured): a block that is written again would count twice.
ALTER TABLE token_activity_hour
    ADD COLUMN IF NOT EXISTS network_turns SimpleAggregateFunction(sum, UInt64),
    ADD COLUMN IF NOT EXISTS address_turns SimpleAggregateFunction(sum, UInt64);

CREATE MATERIALIZED VIEW IF NOT EXISTS token_turns_view TO token_activity_hour AS
SELECT
    toDate(toStartOfMonth(time)) AS month,
    token_id,
    toDateTime(toStartOfHour(time), 'UTC') AS bucket,
    toUInt8(0) AS held,
    countIf(bitAnd(learned, 128) != 0) AS network_turns,
    countIf(bitAnd(learned, 256) != 0) AS address_turns
FROM events
WHERE token_id != '' AND bitAnd(learned, 384) != 0
GROUP BY month, token_id, bucket, held;

-- What happened, to whom, how bad was it, and where does it stand?
-- surprise_bits: the most that the token's evidence came to. severity: the gravest that it alerted with; it depends on
--   the threshold of then, so that an incident that never alerted has none.
-- A finding written after a resolve opens the incident again.
CREATE OR REPLACE VIEW incidents AS
SELECT
    found.incident_id AS incident_id,
    found.concern AS concern,
    found.subject_kind AS subject_kind,
    found.subject AS subject,
    found.token_name AS token_name,
    found.tenant AS tenant,
    found.began_at AS began_at,
    found.last_at AS last_at,
    found.surprise_bits AS surprise_bits,
    found.findings AS findings,
    found.detectors AS detectors,
    found.ips AS ips,
    found.event_ids AS event_ids,
    multiIf(
        done.actions = 0, 'open',
        done.latest = 'resolve', if(found.written_at > done.latest_at, 'open', 'resolved'),
        done.latest = 'acknowledge', 'acknowledged',
        toString(done.latest)
    ) AS status,
    done.resolves AS resolves,
    ['', 'low', 'medium', 'high', 'critical'][told.severity_rank + 1] AS severity,
    told.alerts AS alerts,
    told.alerts_sent AS alerts_sent
FROM
(
    SELECT
        incident_id,
        toString(any(concern)) AS concern,
        subject_kind,
        subject,
        argMax(token_name, time) AS token_name,
        argMax(tenant, time) AS tenant,
        min(time) AS began_at,
        max(time) AS last_at,
        max(ingested_at) AS written_at,
        greatest(max(sum_bits), sumIf(bits, cause = '')) AS surprise_bits,
        count() AS findings,
        arraySort(groupUniqArray(toString(detector))) AS detectors,
        arraySort(groupUniqArrayIf(ip, ip != '')) AS ips,
        arraySort(groupUniqArray(event_id)) AS event_ids
    FROM findings FINAL
    GROUP BY incident_id, subject_kind, subject
) AS found
LEFT JOIN
(
    SELECT
        incident_id,
        count() AS actions,
        countIf(action = 'resolve') AS resolves,
        argMax(action, (acted_at, action_id)) AS latest,
        max(acted_at) AS latest_at
    FROM incident_actions FINAL
    GROUP BY incident_id
) AS done ON found.incident_id = done.incident_id
LEFT JOIN
(
    SELECT
        incident_id,
        max(indexOf(['low', 'medium', 'high', 'critical'], toString(severity))) AS severity_rank,
        count() AS alerts,
        countIf(alert_id IN (SELECT alert_id FROM deliveries FINAL WHERE outcome IN ('delivered', 'digested'))) AS alerts_sent
    FROM alerts FINAL
    GROUP BY incident_id
) AS told ON found.incident_id = told.incident_id;

-- Why was this event surprising: what was seen, what is normal, and by which numbers?
-- one_in: how many events of this kind the token would make before one is as surprising as this.
-- sum_bits: what the token's evidence came to with it.
CREATE OR REPLACE VIEW findings_explained AS
SELECT
    time,
    subject_kind,
    subject,
    token_name,
    tenant,
    detector,
    concern,
    cause,
    bits,
    round(exp2(toFloat64(bits))) AS one_in,
    sum_bits,
    seen,
    normal,
    numbers,
    ip,
    country,
    network,
    event_id,
    incident_id,
    finding_id,
    snapshot
FROM findings FINAL;
