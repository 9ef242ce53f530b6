SELECT s.name, s.id AS stream, e.version, e.stream_hash
FROM unnest($1::text[]) AS asked (name)
JOIN log_streams s ON s.name = asked.name
CROSS JOIN LATERAL (
    SELECT version, stream_hash
    FROM log_events
    WHERE stream = s.id
    ORDER BY version DESC
    LIMIT 1
) e
