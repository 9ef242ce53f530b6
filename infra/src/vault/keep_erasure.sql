INSERT INTO erasures (person, erased_at)
VALUES ($1, $2)
ON CONFLICT (person) DO NOTHING
