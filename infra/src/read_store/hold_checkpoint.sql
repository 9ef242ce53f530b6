-- $1 the read model, $2 no event, $3 the fence
INSERT INTO checkpoint_v1 (read_model, position, event_id, fence) VALUES ($1, 0, $2, $3)
ON CONFLICT (read_model) DO UPDATE SET fence = excluded.fence
RETURNING position, event_id
