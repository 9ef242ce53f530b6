SELECT stream, position, event_id, kind, schema_version FROM parked_v1 ORDER BY position
