SELECT string_agg(event, char(30))
FROM (
    SELECT concat_ws(char(31), position, version, schema_version, recorded_at, hex(id),
                     hex(stream_hash), kind, occurred_at, octet_length(metadata),
                     octet_length(data), metadata || data) AS event
    FROM events
    WHERE stream = (SELECT id FROM streams WHERE name = $1)
      AND version > $2
    ORDER BY version
    LIMIT -1
)
