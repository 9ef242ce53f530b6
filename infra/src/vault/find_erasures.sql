SELECT person
FROM erasures
WHERE person IN (SELECT unhex(value) FROM json_each($1))
