DELETE FROM parked_v1 WHERE stream = $1
