INSERT INTO entries (id, person, field, nonce, sealed)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO NOTHING
