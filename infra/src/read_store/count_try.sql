-- $1 the stream, $2 now
UPDATE parked_v1 SET attempts = attempts + 1, last_tried = $2, wanted = FALSE WHERE stream = $1
