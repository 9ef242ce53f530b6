INSERT INTO parked_v1 (stream, position, event_id, kind, schema_version)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (stream) DO NOTHING
