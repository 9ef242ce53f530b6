SELECT COALESCE(MIN(position), 0) FROM checkpoint_v1
