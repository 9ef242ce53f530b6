SELECT e.position, e.version, e.id, e.kind, e.schema_version, e.occurred_at, e.data, s.name
FROM unnest($1::uuid[]) AS asked (id)
JOIN log_events e ON e.id = asked.id
JOIN log_streams s ON s.id = e.stream
