INSERT INTO checkpoint_v1 (read_model, position, event_id) VALUES ($1, $2, $3)
ON CONFLICT (read_model) DO UPDATE SET position = excluded.position, event_id = excluded.event_id
