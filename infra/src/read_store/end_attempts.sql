DELETE FROM attempt_v1 WHERE holder = $1
