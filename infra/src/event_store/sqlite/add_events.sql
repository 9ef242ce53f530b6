WITH given (events) AS (SELECT ?)
INSERT INTO events (position, stream, version, id, kind, schema_version, occurred_at, recorded_at,
                    metadata, data, stream_hash, log_hash)
SELECT * FROM (VALUES
-- rows
) LIMIT (SELECT events FROM given)
