SELECT string_agg(event, char(30))
FROM (
    SELECT concat_ws(char(31), e.position, e.version, e.schema_version, e.recorded_at, hex(e.id),
                     hex(e.stream_hash), e.kind, e.occurred_at, s.name, octet_length(e.metadata),
                     octet_length(e.data), e.metadata || e.data) AS event
    FROM events e
    JOIN streams s ON s.id = e.stream
    WHERE e.position > $1
    ORDER BY e.position
    LIMIT $2
)
