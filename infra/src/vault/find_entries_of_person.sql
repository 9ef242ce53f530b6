SELECT id, person, field, nonce, sealed
FROM entries
WHERE person = $1
ORDER BY id
