SELECT position FROM log_tail
