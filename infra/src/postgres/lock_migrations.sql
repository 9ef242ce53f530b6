-- Any number, as long as no other program takes it: the letters of "steg".
SELECT pg_advisory_xact_lock(1937007975)
