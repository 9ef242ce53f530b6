INSERT INTO streams (id, name)
SELECT value ->> 0, value ->> 1 FROM json_each(?)
