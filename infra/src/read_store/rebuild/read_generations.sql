SELECT read_model, generation, state, put_aside, position, event_id FROM generation_v1
ORDER BY put_aside DESC, read_model
