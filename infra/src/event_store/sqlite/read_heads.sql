SELECT s.name, e.stream, e.version, e.stream_hash
FROM json_each($1) asked
JOIN streams s ON s.name = asked.value
JOIN events e ON e.stream = s.id
WHERE e.version = (SELECT MAX(version) FROM events WHERE stream = s.id)
