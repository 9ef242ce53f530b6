INSERT INTO parked_v1
    (stream, position, event_id, kind, schema_version, cause, attempts, first_tried, last_tried, wanted)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, FALSE)
ON CONFLICT (stream) DO NOTHING
