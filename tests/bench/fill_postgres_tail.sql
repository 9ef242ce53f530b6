UPDATE log_tail
SET position = $1, last_stream = $2, recorded_at = 1600000000000000,
    log_hash = sha256(int8send(-$1::bigint))
