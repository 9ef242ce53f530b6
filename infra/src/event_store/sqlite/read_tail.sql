SELECT position, recorded_at, log_hash, (SELECT MAX(id) FROM streams) AS last_stream
FROM events
ORDER BY position DESC
LIMIT 1
