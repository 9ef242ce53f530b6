SELECT (SELECT count(*) FROM person_keys) AS persons,
       (SELECT count(*) FROM erasures) AS erasures
