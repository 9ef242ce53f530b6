WITH patience AS MATERIALIZED (
    SELECT set_config('lock_timeout', $1, true) AS given,
           set_config('idle_in_transaction_session_timeout', $2, true) AS allowed
)
SELECT log_tail.position, log_tail.last_stream, log_tail.recorded_at, log_tail.log_hash
FROM patience, log_tail
WHERE patience.given IS NOT NULL AND patience.allowed IS NOT NULL
FOR UPDATE OF log_tail
