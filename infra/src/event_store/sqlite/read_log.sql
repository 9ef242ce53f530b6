SELECT e.position, e.version, e.id, e.kind, e.schema_version, e.occurred_at, e.recorded_at,
       e.metadata, e.data, e.stream_hash, s.name, e.log_hash
FROM events e
LEFT JOIN streams s ON s.id = e.stream
WHERE e.position > $1
ORDER BY e.position
LIMIT $2
