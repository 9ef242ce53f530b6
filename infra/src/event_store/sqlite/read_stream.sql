SELECT $nth, string_agg(concat_ws(char(31), position, version, schema_version, recorded_at, hex(id),
                                  hex(stream_hash), kind, occurred_at, octet_length(metadata),
                                  octet_length(data), metadata || data), char(30))
FROM events INDEXED BY events_by_stream
WHERE stream = (SELECT id FROM streams WHERE name = ?)
  AND version > ?
