INSERT INTO raw (position, stream, version, id, kind, schema_version, occurred_at, recorded_at,
                 metadata, data, stream_hash, log_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
