WITH moved AS (
    UPDATE log_tail
    SET position = $4, last_stream = $5, recorded_at = $6, log_hash = $7
    WHERE position = $2 AND log_hash = $3 AND set_config('lock_timeout', $1, true) IS NOT NULL
    RETURNING 1
)
INSERT INTO log_events (position, stream, version, id, kind, schema_version, occurred_at,
                        recorded_at, metadata, data, stream_hash, log_hash)
SELECT *
FROM unnest($8::bigint[], $9::bigint[], $10::bigint[], $11::uuid[], $12::text[], $13::integer[],
            $14::text[], $15::bigint[], $16::text[], $17::text[], $18::bytea[], $19::bytea[])
WHERE EXISTS (SELECT FROM moved)
