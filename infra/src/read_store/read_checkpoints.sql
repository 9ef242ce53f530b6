SELECT read_model, position, event_id FROM checkpoint_v1
