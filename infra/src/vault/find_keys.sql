SELECT person, nonce, sealed
FROM person_keys
WHERE person IN (SELECT unhex(value) FROM json_each($1))
