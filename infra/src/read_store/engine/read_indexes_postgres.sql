-- $1 a table, $2 another: what makes the keys and indexes of the one on the other too
SELECT CASE
    WHEN key.oid IS NOT NULL
        THEN format('ALTER TABLE %s ADD %s', $2::text, pg_get_constraintdef(key.oid))
    ELSE format('CREATE %s ON %s %s',
        CASE WHEN i.indisunique THEN 'UNIQUE INDEX' ELSE 'INDEX' END, $2::text,
        substring(pg_get_indexdef(i.indexrelid) FROM 'USING .*'))
END
FROM pg_index i
LEFT JOIN pg_constraint key ON key.conindid = i.indexrelid AND key.conrelid = i.indrelid
WHERE i.indrelid = to_regclass($1)
ORDER BY i.indexrelid
