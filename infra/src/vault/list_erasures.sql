SELECT person, erased_at FROM erasures ORDER BY erased_at, person
