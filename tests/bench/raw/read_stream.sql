SELECT id, kind, schema_version, occurred_at, data
FROM raw
WHERE stream = $1
ORDER BY version
