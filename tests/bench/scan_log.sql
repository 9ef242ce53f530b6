SELECT e.position, s.name, e.version, e.id, e.kind, e.schema_version, e.occurred_at, e.recorded_at,
       e.data
FROM events e
JOIN streams s ON s.id = e.stream
ORDER BY e.position
