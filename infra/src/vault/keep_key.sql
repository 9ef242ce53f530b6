INSERT INTO person_keys (person, nonce, sealed)
VALUES ($1, $2, $3)
ON CONFLICT (person) DO NOTHING
