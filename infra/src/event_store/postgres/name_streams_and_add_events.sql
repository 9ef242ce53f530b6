WITH moved AS (
    UPDATE log_tail
    SET position = $4, last_stream = $5, recorded_at = $6, log_hash = $7
    WHERE position = $2 AND log_hash = $3 AND set_config('lock_timeout', $1, true) IS NOT NULL
    RETURNING 1
), named AS (
    INSERT INTO log_streams (id, name)
    SELECT unnest($20::bigint[]), unnest($21::text[])
    FROM moved
)
INSERT INTO log_events (position, stream, version, id, kind, schema_version, occurred_at,
                        recorded_at, metadata, data, stream_hash, log_hash)
SELECT unnest($8::bigint[]), unnest($9::bigint[]), unnest($10::bigint[]), unnest($11::uuid[]),
       unnest($12::text[]), unnest($13::integer[]), unnest($14::text[]), unnest($15::bigint[]),
       unnest($16::text[]), unnest($17::text[]), unnest($18::bytea[]), unnest($19::bytea[])
FROM moved
