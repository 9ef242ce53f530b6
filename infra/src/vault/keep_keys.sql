INSERT INTO person_keys (person, nonce, sealed)
SELECT unhex(value ->> 'person'), unhex(value ->> 'nonce'), unhex(value ->> 'sealed')
FROM json_each($1)
WHERE unhex(value ->> 'person') NOT IN (SELECT person FROM erasures)
ON CONFLICT (person) DO NOTHING
RETURNING person
