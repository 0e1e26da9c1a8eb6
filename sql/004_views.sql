-- For analysts. Tables that a replay may write twice are read FINAL, so each row counts once. Keys that people filter by
-- (subject, token_id, incident_id) are keys of the inner GROUP BY, so that the filter reaches the tables.

-- What happened, to whom, how bad was it, and where does it stand?
-- A finding written after a resolve opens the incident again.
CREATE OR REPLACE VIEW incidents AS
SELECT
    found.incident_id AS incident_id,
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
    told.alerts AS alerts,
    told.alerts_sent AS alerts_sent
FROM
(
    SELECT
        incident_id,
        subject_kind,
        subject,
        argMax(token_name, time) AS token_name,
        argMax(tenant, time) AS tenant,
        min(time) AS began_at,
        max(time) AS last_at,
        max(ingested_at) AS written_at,
        sum(bits) AS surprise_bits,
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
        count() AS alerts,
        countIf(alert_id IN (SELECT alert_id FROM deliveries FINAL WHERE outcome IN ('delivered', 'digested'))) AS alerts_sent
    FROM alerts FINAL
    GROUP BY incident_id
) AS told ON found.incident_id = told.incident_id;

-- What does this token normally do: since when, from where, on what, with what, and how much at which hour?
-- One row per token, of what is not in quarantine. countries holds the source class where there is no country.
-- calls_by_hour_of_week: 168 means of calls an hour, Monday 00:00 UTC first, over the weeks in which it was seen.
CREATE OR REPLACE VIEW token_baseline AS
SELECT
    known.token_id AS token_id,
    known.first_seen AS first_seen,
    known.last_seen AS last_seen,
    known.countries AS countries,
    known.networks AS networks,
    known.endpoints AS endpoints,
    known.agents AS agents,
    known.held_values AS held_values,
    rate.calls AS calls,
    rate.weeks AS weeks,
    arrayMap(hour -> round(rate.by_hour[toUInt8(hour)] / greatest(rate.weeks, 1), 2), range(168)) AS calls_by_hour_of_week
FROM
(
    SELECT
        token_id,
        min(token_values.first_seen) AS first_seen,
        max(token_values.last_seen) AS last_seen,
        arraySort(groupUniqArrayIf(splitByChar('|', value)[1], dimension = 'network' AND held = 0)) AS countries,
        arraySort(groupUniqArrayIf(splitByChar('|', value)[2], dimension = 'network' AND held = 0)) AS networks,
        arraySort(groupUniqArrayIf(
            trimLeft(concat(splitByChar('|', value)[3], ' ', splitByChar('|', value)[2])),
            dimension = 'route' AND held = 0)) AS endpoints,
        arraySort(groupUniqArrayIf(splitByChar('|', value)[1], dimension = 'agent' AND held = 0)) AS agents,
        uniqExactIf((dimension, value), held = 1) AS held_values
    FROM token_values
    GROUP BY token_id
) AS known
LEFT JOIN
(
    SELECT
        token_id,
        sum(hourly.calls) AS calls,
        toUInt32(ceil((toUnixTimestamp(max(bucket)) - toUnixTimestamp(min(bucket)) + 3600) / 604800)) AS weeks,
        sumMap(map(toUInt8((toDayOfWeek(bucket) - 1) * 24 + toHour(bucket)), hourly.calls)) AS by_hour
    FROM token_activity_hour AS hourly
    WHERE held = 0 AND hourly.calls > 0
    GROUP BY token_id
) AS rate ON known.token_id = rate.token_id;

-- What did this token do hour by hour, and in which hours did it stand out?
CREATE OR REPLACE VIEW token_timeline AS
SELECT
    token_id,
    hour,
    sum(hour_calls) AS calls,
    sum(hour_held_calls) AS held_calls,
    sum(hour_refused) AS refused,
    sum(hour_server_errors) AS server_errors,
    sum(hour_bytes) AS bytes,
    sum(hour_findings) AS findings,
    sum(hour_bits) AS surprise_bits,
    arraySort(groupUniqArrayArray(hour_detectors)) AS detectors
FROM
(
    SELECT
        token_id,
        bucket AS hour,
        calls AS hour_calls,
        if(held = 1, calls, 0) AS hour_held_calls,
        unauthorized + forbidden + not_found + rate_limited AS hour_refused,
        server_errors AS hour_server_errors,
        bytes AS hour_bytes,
        toUInt64(0) AS hour_findings,
        toFloat32(0) AS hour_bits,
        CAST([], 'Array(String)') AS hour_detectors
    FROM token_activity_hour
    UNION ALL
    SELECT
        subject AS token_id,
        toDateTime(toStartOfHour(time), 'UTC') AS hour,
        toUInt64(0) AS hour_calls,
        toUInt64(0) AS hour_held_calls,
        toUInt64(0) AS hour_refused,
        toUInt64(0) AS hour_server_errors,
        toUInt64(0) AS hour_bytes,
        toUInt64(1) AS hour_findings,
        bits AS hour_bits,
        [toString(detector)] AS hour_detectors
    FROM findings FINAL
    WHERE subject_kind = 'token'
)
GROUP BY token_id, hour;

-- Why was this event surprising: what was seen, what is normal, and by which numbers?
-- one_in: how many events of this kind the token would make before one is as surprising as this.
CREATE OR REPLACE VIEW findings_explained AS
SELECT
    time,
    subject_kind,
    subject,
    token_name,
    tenant,
    detector,
    bits,
    round(exp2(toFloat64(bits))) AS one_in,
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

-- Which alerts were raised, and did each of them reach somebody?
-- outcomes: the latest outcome by target; an alert without deliveries still waits.
CREATE OR REPLACE VIEW alert_history AS
SELECT
    raised.alert_id AS alert_id,
    raised.time AS time,
    raised.ingested_at AS written_at,
    raised.kind AS kind,
    raised.severity AS severity,
    raised.subject_kind AS subject_kind,
    raised.subject AS subject,
    raised.token_name AS token_name,
    raised.tenant AS tenant,
    raised.title AS title,
    raised.surprise_bits AS surprise_bits,
    raised.detectors AS detectors,
    raised.incident_id AS incident_id,
    tried.outcomes AS outcomes,
    tried.attempts AS attempts,
    tried.delivered_at AS delivered_at
FROM
(
    SELECT * FROM alerts FINAL
) AS raised
LEFT JOIN
(
    SELECT
        alert_id,
        CAST((groupArray(toString(target)), groupArray(toString(outcome))), 'Map(String, String)') AS outcomes,
        sum(target_attempts) AS attempts,
        max(target_delivered_at) AS delivered_at
    FROM
    (
        SELECT
            alert_id,
            target,
            argMax(deliveries.outcome, (attempt, attempted_at)) AS outcome,
            uniqExact(attempt) AS target_attempts,
            maxIf(attempted_at, deliveries.outcome IN ('delivered', 'digested')) AS target_delivered_at
        FROM deliveries FINAL
        GROUP BY alert_id, target
    )
    GROUP BY alert_id
) AS tried ON raised.alert_id = tried.alert_id;
