UPDATE parked_v1 SET cause = $2 WHERE stream = $1
