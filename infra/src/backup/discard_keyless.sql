DELETE FROM entries WHERE person NOT IN (SELECT person FROM keys.person_keys)
