INSERT INTO person_keys (person, nonce, sealed)
SELECT unhex(value ->> 'person'), unhex(value ->> 'nonce'), unhex(value ->> 'sealed')
FROM json_each($1)
WHERE true
ON CONFLICT (person) DO NOTHING
RETURNING person
