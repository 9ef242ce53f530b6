SELECT $nth, string_agg(concat_ws(char(31), version, schema_version, hex(id), kind, occurred_at,
                                  octet_length(data), data), char(30))
FROM events INDEXED BY events_by_stream
WHERE stream = (SELECT id FROM streams WHERE name = ?)
  AND version > ?
