SELECT e.position, e.version, e.id, e.kind, e.schema_version, e.occurred_at, e.recorded_at,
       e.metadata, e.data, e.stream_hash, e.stream
FROM log_events e
WHERE e.position > $1
ORDER BY e.position
LIMIT $2
