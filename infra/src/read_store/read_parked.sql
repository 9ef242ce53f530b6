SELECT stream, position, event_id, kind, schema_version, cause, attempts, first_tried, last_tried, wanted
FROM parked_v1
ORDER BY position
