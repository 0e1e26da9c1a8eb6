-- What the owners of the tokens know of them, and what people mark. Written by `tokenwatch tokens`, never by a block.
--
-- Rows are versions and are kept: a block that is processed again must see the registry that it saw before, so it asks
--   for the versions of an earlier time. A token's latest row is what holds; `removed` is 1 where it left its source.
-- ORDER BY token, then time: the latest version of each token is its last row. The whole table is small beside events,
--   hence no partitions. ReplacingMergeTree, so that an import which is sent twice is one. No TTL: a token that is still
--   in use may have been registered years ago.
-- Absent times are 1970.
CREATE TABLE IF NOT EXISTS tokens
(
    token_id String,
    written_at DateTime64(3, 'UTC'),
    removed UInt8,
    source LowCardinality(String),
    name String,
    owner String,
    tenant LowCardinality(String),
    service LowCardinality(String),
    scopes Array(LowCardinality(String)),
    environment LowCardinality(String),
    created_at DateTime64(3, 'UTC'),
    expires_at DateTime64(3, 'UTC'),
    revoked_at DateTime64(3, 'UTC'),
    compromised_at DateTime64(3, 'UTC'),
    rotated_from String
)
ENGINE = ReplacingMergeTree
ORDER BY (token_id, written_at)
SETTINGS non_replicated_deduplication_window = 100000;

-- Tokens that people say are in wrong hands, registered or not, apart from the lists: the next import would undo a mark
--   that stood in its row. compromised_at is 1970 where a mark was taken back.
CREATE TABLE IF NOT EXISTS token_marks
(
    token_id String,
    written_at DateTime64(3, 'UTC'),
    compromised_at DateTime64(3, 'UTC'),
    actor String,
    note String
)
ENGINE = ReplacingMergeTree
ORDER BY (token_id, written_at)
SETTINGS non_replicated_deduplication_window = 100000;

-- The registry as it stands: registered tokens, marks included.
CREATE OR REPLACE VIEW registered_tokens AS
SELECT
    listed.token_id AS token_id,
    listed.source AS source,
    listed.name AS name,
    listed.owner AS owner,
    listed.tenant AS tenant,
    listed.service AS service,
    listed.scopes AS scopes,
    listed.environment AS environment,
    listed.created_at AS created_at,
    listed.expires_at AS expires_at,
    listed.revoked_at AS revoked_at,
    if(toUnixTimestamp64Milli(marked.compromised_at) = 0, listed.compromised_at, marked.compromised_at) AS compromised_at,
    listed.rotated_from AS rotated_from,
    listed.written_at AS written_at
FROM
(
    SELECT * FROM tokens FINAL ORDER BY token_id, written_at DESC LIMIT 1 BY token_id
) AS listed
LEFT JOIN
(
    SELECT * FROM token_marks FINAL ORDER BY token_id, written_at DESC LIMIT 1 BY token_id
) AS marked ON listed.token_id = marked.token_id
WHERE listed.removed = 0;

-- Which tokens are there, who answers for them, what are they used for, and which need a look?
-- One row per token that is registered, marked, or was used within the months that the rollups hold.
-- flags: unregistered, ownerless, never_used, unused_30d (that too, once the token is 30 days old), expired, revoked,
--   leaked, no_expiry, broad, unused_scopes, rotation_overdue (older than 90 days: CIS Amazon Web Services Foundations
--   Benchmark, rotation of access keys), superseded (used when its successor was older than 7 days), several_services.
-- scopes_unused: scopes `resource:read` and `resource:write` of which no call was learned, by the convention of
--   src/registry/scopes.ts; a test holds the two together. Other scopes are never listed.
CREATE OR REPLACE VIEW token_inventory AS
WITH
    (word -> multiIf(
        endsWith(word, 'ies'), concat(left(word, length(word) - 3), 'y'),
        match(word, '(?:ss|sh|ch|x|z)es$'), left(word, length(word) - 2),
        match(word, '[^s]s$'), left(word, length(word) - 1),
        word)) AS without_plural,
    (word -> without_plural(replaceAll(lower(word), '_', '-'))) AS singular,
    -- `invoices:read` and `read:invoices` as `invoice:read`; '' for other scopes.
    (scope -> replaceRegexpOne(scope, '(?i)^(read|write)[:.]([\\w-]+)$', '\\2:\\1')) AS resource_first,
    (scope -> if(match(scope, '(?i)^[\\w-]+[:.](read|write)$')
            AND NOT match(scope, '(?i)^all[:.]'),
        concat(singular(extract(scope, '^[\\w-]+')), ':', lower(extract(scope, '\\w+$'))), '')) AS granted,
    toDateTime64(0, 3, 'UTC') AS never
SELECT
    everyone.token_id AS token_id,
    listed.token_id != '' AS is_registered,
    listed.name AS name,
    listed.owner AS owner,
    listed.tenant AS tenant,
    listed.service AS service,
    listed.environment AS environment,
    listed.scopes AS scopes,
    listed.created_at AS created_at,
    listed.expires_at AS expires_at,
    listed.revoked_at AS revoked_at,
    if(marked.compromised_at = never, listed.compromised_at, marked.compromised_at) AS compromised_at,
    listed.rotated_from AS rotated_from,
    rotated.successor AS successor,
    if(created_at = never, 0, greatest(0, dateDiff('day', created_at, now64(3, 'UTC')))) AS age_days,
    used.first_used AS first_used,
    used.last_used AS last_used,
    used.calls_30d AS calls_30d,
    seen.services AS services,
    seen.networks AS networks,
    seen.clients AS clients,
    arrayFilter(scope -> granted(resource_first(scope)) != '' AND NOT has(seen.uses, granted(resource_first(scope))),
        scopes) AS scopes_unused,
    arrayFilter(flag -> flag != '', [
        if(NOT is_registered, 'unregistered', ''),
        if(is_registered AND owner = '', 'ownerless', ''),
        if(last_used = never, 'never_used', ''),
        if(greatest(last_used, created_at) < now64(3, 'UTC') - toIntervalDay(30), 'unused_30d', ''),
        if(expires_at > never AND expires_at < now64(3, 'UTC'), 'expired', ''),
        if(revoked_at > never AND revoked_at < now64(3, 'UTC'), 'revoked', ''),
        if(compromised_at > never, 'leaked', ''),
        if(is_registered AND expires_at = never, 'no_expiry', ''),
        if(length(scopes) >= 20 OR arrayExists(scope -> match(scope,
            '(?i)(^|[:.])(\\*|admin|all|root|owner|full[-_]?access|superuser)($|[:.])'), scopes), 'broad', ''),
        if(notEmpty(scopes_unused), 'unused_scopes', ''),
        if(age_days > 90 AND revoked_at = never AND (expires_at = never OR expires_at > now64(3, 'UTC')),
            'rotation_overdue', ''),
        if(rotated.successor_created_at > never AND last_used > rotated.successor_created_at + toIntervalDay(7),
            'superseded', ''),
        if(length(services) > 1, 'several_services', '')
    ]) AS flags
FROM
(
    SELECT token_id FROM registered_tokens
    UNION DISTINCT
    SELECT token_id FROM token_marks
    UNION DISTINCT
    SELECT token_id FROM token_activity_hour
) AS everyone
LEFT JOIN
(
    SELECT * FROM registered_tokens
) AS listed ON everyone.token_id = listed.token_id
LEFT JOIN
(
    SELECT * FROM token_marks FINAL ORDER BY token_id, written_at DESC LIMIT 1 BY token_id
) AS marked ON everyone.token_id = marked.token_id
LEFT JOIN
(
    SELECT rotated_from, argMax(token_id, (created_at, token_id)) AS successor, max(created_at) AS successor_created_at
    FROM registered_tokens
    WHERE rotated_from != '' AND rotated_from != token_id
    GROUP BY rotated_from
) AS rotated ON everyone.token_id = rotated.rotated_from
LEFT JOIN
(
    SELECT
        token_id,
        toDateTime64(min(bucket), 3, 'UTC') AS first_used,
        max(last_seen) AS last_used,
        sumIf(calls, bucket >= now('UTC') - toIntervalDay(30)) AS calls_30d
    FROM token_activity_hour
    WHERE calls > 0
    GROUP BY token_id
) AS used ON everyone.token_id = used.token_id
LEFT JOIN
(
    SELECT
        token_id,
        arraySort(groupUniqArrayIf(levels[1], dimension = 'route' AND levels[1] != '')) AS services,
        arraySort(groupUniqArrayIf(levels[2], dimension = 'network' AND levels[2] != '')) AS networks,
        arraySort(groupUniqArrayIf(levels[1], dimension = 'agent' AND levels[1] != '')) AS clients,
        groupUniqArrayArrayIf(
            arrayMap(resource -> concat(singular(resource), ':', if(levels[3] IN ('GET', 'HEAD', 'OPTIONS'), 'read', 'write')),
                arrayConcat(resources, [replaceRegexpOne(levels[1], '(?i)[-_.]?(api|service|svc|server)$', '')])),
            dimension = 'route') AS uses
    FROM
    (
        SELECT
            token_id,
            dimension,
            splitByChar('|', value) AS levels,
            arrayFilter(segment -> segment != '', splitByChar('/', levels[2])) AS segments,
            -- Behind `api` and a version, which may stand in any order.
            arrayFirstIndex(segment -> segment != 'api' AND NOT match(segment,
                '(?i)^v\\d+([._]\\d+)*((alpha|beta|rc)\\d*)?$|^\\d{1,2}\\.\\d{1,2}$'), segments) AS head,
            arrayFilter(segment -> segment != '' AND NOT match(segment, '^[{:*<]'),
                if(head = 0, [], [segments[head], if(match(segments[head], '(?i)^tenants?$'), segments[head + 2], '')]))
                AS resources
        FROM token_values
        WHERE held = 0 AND dimension IN ('route', 'network', 'agent')
    )
    GROUP BY token_id
) AS seen ON everyone.token_id = seen.token_id;
