SELECT position, version, id, kind, schema_version, occurred_at, recorded_at,
       metadata, data, stream_hash
FROM events
WHERE stream = (SELECT id FROM streams WHERE name = $1)
  AND version > $2
ORDER BY version
