DELETE FROM checkpoint_v1
