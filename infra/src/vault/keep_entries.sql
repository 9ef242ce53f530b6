INSERT INTO entries (id, person, field, nonce, sealed)
SELECT unhex(value ->> 'id'), unhex(value ->> 'person'), value ->> 'field',
       unhex(value ->> 'nonce'), unhex(value ->> 'sealed')
FROM json_each($1)
WHERE true
ON CONFLICT (id) DO NOTHING
