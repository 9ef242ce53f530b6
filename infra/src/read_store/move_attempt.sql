-- $1 who tries, $2 beyond which position, $3 up to which one, $4 for which time
UPDATE attempt_v1 SET beyond = $2, up_to = $3, attempt = $4 WHERE holder = $1
