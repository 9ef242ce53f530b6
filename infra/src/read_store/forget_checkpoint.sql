DELETE FROM checkpoint_v1 WHERE read_model = $1
