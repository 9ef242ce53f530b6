INSERT INTO master (id, nonce, sealed)
VALUES (1, $1, $2)
ON CONFLICT (id) DO NOTHING
