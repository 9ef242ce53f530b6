SELECT read_model, position, (SELECT COUNT(*) FROM parked_v1) FROM checkpoint_v1
