SELECT read_model, position, event_id, fence FROM checkpoint_v1
