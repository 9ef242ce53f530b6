INSERT INTO log_events (position, stream, version, id, kind, schema_version, occurred_at,
                        recorded_at, metadata, data, stream_hash, log_hash)
SELECT n,
       (n - 1) / $3 / $4 * $3 + (n - 1) % $3 + 1,
       (n - 1) / $3 % $4 + 1,
       (lpad(to_hex(n), 12, '0') || substr(md5(n::text), 13))::uuid,
       $5, 1, $6, 1600000000000000, $7, $8, sha256(int8send(n)), sha256(int8send(-n))
FROM generate_series($1::bigint, $2::bigint) AS n
