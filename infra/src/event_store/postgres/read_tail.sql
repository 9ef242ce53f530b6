SELECT position, last_stream, recorded_at, log_hash FROM log_tail
