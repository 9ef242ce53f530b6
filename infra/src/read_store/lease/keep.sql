-- $1 until when, $2 the holder, $3 the highest fence it was given
UPDATE lease_v1 SET expires = $1 WHERE holder = $2 AND fence <= $3
