SELECT id, name
FROM log_streams
WHERE id = ANY($1)
