DELETE FROM entries
WHERE person IN (SELECT unhex(value) FROM json_each($1))
