SELECT e.position, s.name, e.version, e.id, e.kind, e.schema_version::bigint, e.occurred_at,
       e.recorded_at, e.data
FROM log_events e
JOIN log_streams s ON s.id = e.stream
ORDER BY e.position
