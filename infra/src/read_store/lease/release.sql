-- $1 the holder, $2 the share, $3 nobody
UPDATE lease_v1 SET expires = 0, holder = $3 WHERE holder = $1 AND share = $2
