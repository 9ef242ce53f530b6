-- $1 the read model, $2 the position and $3 the event it comes to, $4 the position it leaves, $5 the fence
INSERT INTO checkpoint_v1 (read_model, position, event_id, fence) VALUES ($1, $2, $3, $5)
ON CONFLICT (read_model) DO UPDATE SET position = excluded.position, event_id = excluded.event_id
WHERE checkpoint_v1.position = $4 AND checkpoint_v1.fence = excluded.fence
