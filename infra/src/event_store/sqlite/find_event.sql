SELECT e.position, e.version, e.id, e.kind, e.schema_version, e.occurred_at, e.recorded_at,
       e.metadata, e.data, e.stream_hash, s.name
FROM events e
JOIN streams s ON s.id = e.stream
WHERE e.id = $1
