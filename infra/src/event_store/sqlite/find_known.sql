SELECT e.position, e.version, e.id, e.kind, e.schema_version, e.occurred_at, e.data, s.name
FROM events e
JOIN streams s ON s.id = e.stream
WHERE e.id IN (SELECT unhex(value) FROM json_each($1))
