-- One page a stream. No order is asked for: sorting would copy the pages.
SELECT asked.key, (
    SELECT string_agg(event, char(30))
    FROM (
        SELECT concat_ws(char(31), position, version, schema_version, recorded_at, hex(id),
                         hex(stream_hash), kind, occurred_at, octet_length(metadata),
                         octet_length(data), metadata || data) AS event
        FROM events
        WHERE stream = (SELECT id FROM streams WHERE name = asked.value ->> 0)
          AND version > asked.value ->> 1
        ORDER BY version
        LIMIT -1
    )
) AS page
FROM json_each($1) asked
