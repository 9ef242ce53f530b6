INSERT INTO generation_v1 (read_model, generation, state, put_aside, position, event_id)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (read_model, generation) DO UPDATE
SET state = excluded.state, put_aside = excluded.put_aside, position = excluded.position,
    event_id = excluded.event_id
