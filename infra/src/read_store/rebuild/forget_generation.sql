DELETE FROM generation_v1 WHERE read_model = $1 AND generation = $2
